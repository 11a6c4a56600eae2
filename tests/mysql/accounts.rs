//! An account's life: made locked, handed over, given another password, locked, gone.

use countersign_mysql::{Kind, May, Password, Server, Statement, Tls, TlsNeeded};

use super::{Flavour, Rig, Side, account, given, log_in, on_both, schema, table, user};

on_both!(
    an_account_lives_and_the_replica_follows,
    an_expired_password_lets_nobody_do_anything,
    names_are_matched_exactly,
    trap_04_a_second_password_where_the_server_has_it,
);

const NAME: &str = "cs_alice";

async fn an_account_lives_and_the_replica_follows(flavour: Flavour) {
    let rig = Rig::start(flavour).await;
    let (first, second) = (Password::hex(&[1; 30]), Password::hex(&[2; 30]));
    is_made_and_good_for_nothing(&rig, &first).await;
    is_unlocked_and_may_what_it_may(&rig, &first).await;
    gets_another_password(&rig, &first, &second).await;

    let accounts = vec![account(NAME)];
    let (lock, drop) = (
        Statement::Lock {
            accounts: accounts.clone(),
        },
        Statement::Drop { accounts },
    );
    rig.primary.execute(&[lock.clone(), drop.clone()]).await.unwrap();
    assert_eq!(rig.primary.account(&account(NAME)).await.unwrap(), None);
    // Once more changes nothing; locking what is not there is an error.
    rig.primary.execute(&[drop]).await.unwrap();
    assert_eq!(
        rig.primary.execute(&[lock]).await.unwrap_err().kind(),
        Kind::NoSuchAccount
    );
}

async fn is_made_and_good_for_nothing(rig: &Rig, password: &Password) {
    assert_eq!(rig.primary.account(&account(NAME)).await.unwrap(), None);
    let create = Statement::CreateLocked {
        account: account(NAME),
        password: password.clone(),
    };
    rig.primary.execute(std::slice::from_ref(&create)).await.unwrap();
    let made = rig.primary.account(&account(NAME)).await.unwrap().unwrap();
    assert_eq!(
        (made.tls, made.locked, made.expired),
        (TlsNeeded::Any, true, false)
    );
    let error = rig.primary.execute(&[create]).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Exists);
    let shown =
        "CREATE USER 'cs_alice'@'%' IDENTIFIED BY '…' REQUIRE SSL ACCOUNT LOCK: the account is there already";
    assert_eq!(error.to_string(), shown);

    // Inert, whatever it may do.
    let grant = Statement::GrantTables {
        schema: schema(),
        table: table("job"),
        to: vec![account(NAME)],
    };
    rig.primary.execute(&[grant]).await.unwrap();
    rig.pair.caught_up().await;
    for side in Side::BOTH {
        let login = rig
            .server(side)
            .log_in(&user(NAME), password, None, Tls::Required)
            .await;
        assert_eq!(login.unwrap_err().kind(), Kind::Locked, "{side:?}");
        let state = rig.server(side).account(&account(NAME)).await.unwrap();
        assert_eq!(state.unwrap().print, made.print, "{side:?}");
    }
}

async fn is_unlocked_and_may_what_it_may(rig: &Rig, password: &Password) {
    let unlock = Statement::Unlock {
        accounts: vec![account(NAME)],
    };
    rig.primary.execute(&[unlock]).await.unwrap();
    rig.pair.caught_up().await;
    let log_in = async |server: &Server| {
        let login = server
            .log_in(&user(NAME), password, Some(&schema()), Tls::Required)
            .await;
        login.unwrap()
    };
    let mut visit = log_in(&rig.replica).await;
    assert_eq!(visit.current_user(), "cs_alice@%");
    assert!(visit.tls().unwrap().starts_with("TLSv1."));
    let job = visit.may_select(&schema(), &table("job"), None).await.unwrap();
    assert_eq!(job, May::Yes);
    let hidden = visit
        .may_select(&schema(), &table("auth_user"), None)
        .await
        .unwrap();
    assert_eq!(hidden, May::No { code: 1142 });
    // The replica refuses everybody, so it says nothing of rights; the primary does.
    let write = visit.may_write(&schema(), &table("job")).await.unwrap();
    assert_eq!(write, May::No { code: 1290 });
    visit.close().await;
    let mut visit = log_in(&rig.primary).await;
    let write = visit.may_write(&schema(), &table("job")).await.unwrap();
    assert_eq!(write, May::No { code: 1142 });
    rig.root("GRANT UPDATE (name) ON treeherder.job TO cs_alice@'%'")
        .await;
    let write = visit.may_write(&schema(), &table("job")).await.unwrap();
    assert_eq!(write, May::Yes, "one column is enough");
    assert_eq!(rig.root("SELECT name FROM treeherder.job").await, "one");
}

/// It keeps what it needs of TLS. The replica has the old one for a while.
async fn gets_another_password(rig: &Rig, first: &Password, second: &Password) {
    rig.pair.caught_up().await;
    rig.pair.stop_replication().await;
    let set = Statement::SetPassword {
        account: account(NAME),
        password: second.clone(),
        keep_old: false,
    };
    rig.primary.execute(&[set]).await.unwrap();
    let changed = rig.primary.account(&account(NAME)).await.unwrap().unwrap();
    assert_eq!(changed.tls, TlsNeeded::Any);
    let behind = rig.replica.account(&account(NAME)).await.unwrap().unwrap();
    assert_ne!(behind.print, changed.print);
    rig.pair.start_replication().await;
    rig.pair.caught_up().await;
    let level = rig.replica.account(&account(NAME)).await.unwrap().unwrap();
    assert_eq!(level.print, changed.print);
    let old = rig.replica.log_in(&user(NAME), first, None, Tls::Required).await;
    assert_eq!(old.unwrap_err().kind(), Kind::Denied);
    let new = rig.replica.log_in(&user(NAME), second, None, Tls::Required).await;
    new.unwrap().close().await;
}

async fn an_expired_password_lets_nobody_do_anything(flavour: Flavour) {
    let rig = Rig::start(flavour).await;
    rig.root("CREATE USER bob@'%' IDENTIFIED BY 'bob-knows-this' REQUIRE SSL PASSWORD EXPIRE")
        .await;
    let state = rig.primary.account(&account("bob")).await.unwrap().unwrap();
    assert_eq!((state.locked, state.expired), (false, true));
    let login = log_in(&rig.primary, "bob", "bob-knows-this", Tls::Required).await;
    assert_eq!(login.unwrap_err().kind(), Kind::Expired);
}

async fn names_are_matched_exactly(flavour: Flavour) {
    let rig = Rig::start(flavour).await;
    rig.root(
        "CREATE USER cs_carol@'%'; CREATE USER cs_carol@'10.%' REQUIRE X509; CREATE USER csxcarol@'%';
         CREATE USER CS_carol@'%'; CREATE USER cs_a@localhost REQUIRE ISSUER '/CN=x'; CREATE USER 'c%'@'%'",
    )
    .await;
    let texts = |accounts: Vec<countersign_mysql::Account>| {
        accounts.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let like = texts(rig.primary.accounts_like("cs_").await.unwrap());
    assert_eq!(like, ["cs_a@localhost", "cs_carol@%", "cs_carol@10.%"]);
    assert_eq!(texts(rig.primary.accounts_like("c%").await.unwrap()), ["c%@%"]);
    let of = texts(rig.primary.accounts_of(&user("cs_carol")).await.unwrap());
    assert_eq!(of, ["cs_carol@%", "cs_carol@10.%"]);
    let mut needs = Vec::new();
    for account in rig.primary.accounts_like("cs_").await.unwrap() {
        needs.push(rig.primary.account(&account).await.unwrap().unwrap().tls);
    }
    assert_eq!(needs, [TlsNeeded::Specified, TlsNeeded::None, TlsNeeded::X509]);

    // One without TLS is made to need it.
    let carol = account("cs_carol");
    let require = Statement::RequireTls {
        accounts: vec![carol.clone(), account("csxcarol")],
    };
    rig.primary.execute(&[require]).await.unwrap();
    for name in ["cs_carol", "csxcarol"] {
        let state = rig.primary.account(&account(name)).await.unwrap().unwrap();
        assert_eq!(state.tls, TlsNeeded::Any, "{name}");
    }
}

async fn trap_04_a_second_password_where_the_server_has_it(flavour: Flavour) {
    let rig = Rig::start(flavour).await;
    rig.root("CREATE USER th_admin@'%' IDENTIFIED BY 'the first of all' REQUIRE SSL")
        .await;
    let (admin, name) = (account("th_admin"), user("th_admin"));
    let (old, new) = (given("the first of all"), Password::hex(&[7; 30]));
    let set = Statement::SetPassword {
        account: admin.clone(),
        password: new.clone(),
        keep_old: true,
    };
    let has = rig.primary.has_dual_passwords().await.unwrap();
    assert_eq!(has, rig.is_mysql());
    if !has {
        let before = rig.primary.account(&admin).await.unwrap();
        for statement in [
            set,
            Statement::DiscardOld {
                account: admin.clone(),
            },
        ] {
            let error = rig.primary.execute(&[statement]).await.unwrap_err();
            assert_eq!(error.kind(), Kind::Unsupported);
        }
        assert_eq!(rig.primary.account(&admin).await.unwrap(), before);
        return;
    }
    rig.primary.execute(&[set]).await.unwrap();
    for password in [&old, &new] {
        let visit = rig.primary.log_in(&name, password, None, Tls::Required).await;
        visit.unwrap().close().await;
    }
    let both = rig.primary.account(&admin).await.unwrap().unwrap();
    rig.pair.caught_up().await;
    assert_eq!(
        rig.replica.account(&admin).await.unwrap().unwrap().print,
        both.print
    );
    rig.primary
        .execute(&[Statement::DiscardOld {
            account: admin.clone(),
        }])
        .await
        .unwrap();
    // What SHOW CREATE USER says is the same as before; the print is not.
    assert_ne!(
        rig.primary.account(&admin).await.unwrap().unwrap().print,
        both.print
    );
    let error = rig
        .primary
        .log_in(&name, &old, None, Tls::Required)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), Kind::Denied);
    rig.primary
        .log_in(&name, &new, None, Tls::Required)
        .await
        .unwrap()
        .close()
        .await;
}
