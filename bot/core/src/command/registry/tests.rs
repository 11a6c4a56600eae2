use async_trait::async_trait;

use super::*;

/// Bring a target's branch up to master.
#[derive(Debug, clap::Args)]
struct DeployArgs {
    /// What to deploy to.
    target: String,
    /// The commit to deploy.
    #[arg(long = "ref", value_name = "SHA")]
    sha: Option<String>,
    /// Start when CI is green.
    #[arg(long)]
    wait_ci: bool,
    /// What it is for.
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    /// How many at once.
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    parallel: Option<i8>,
    /// Only pretend.
    #[arg(long, value_name = "YES|NO")]
    dry: Option<bool>,
}

#[derive(Clone, Copy)]
struct Deploy(Spec);

const SPEC: Spec = Spec {
    name: "deploy",
    aliases: &["d"],
    effect: Effect::Destructive,
    examples: &["deploy prod --wait-ci"],
    stopped_by_hold: true,
};

#[async_trait]
impl Command for Deploy {
    type Args = DeployArgs;

    fn spec(&self) -> Spec {
        self.0
    }

    fn target<'a>(&self, args: &'a DeployArgs) -> Option<&'a str> {
        Some(&args.target)
    }

    async fn run(&self, _ask: &Ask<'_>, _args: DeployArgs) -> Result<Outcome, Refusal> {
        Err(Refusal::new("this is a test"))
    }
}

fn registry() -> Registry {
    let mut registry = Registry::new();
    registry.add(Deploy(SPEC)).unwrap();
    registry
}

/// What the line is read as, or the refusal.
fn read(line: &str) -> Result<DeployArgs, String> {
    let registry = registry();
    let tokens = split(line).unwrap();
    let command = registry.find(tokens[0].as_str()).unwrap();
    match command.parse(&tokens[1..]) {
        Ok(_) => {
            let mut matches = command.matches(&tokens[1..]).unwrap();
            Ok(DeployArgs::from_arg_matches_mut(&mut matches).unwrap())
        }
        Err(UsageError::Help { .. }) => Err("help".to_owned()),
        Err(UsageError::Wrong { words, advice, .. }) => {
            Err(advice.map_or_else(|| words.clone(), |advice| format!("{words}. {advice}")))
        }
    }
}

fn refused(line: &str) -> String {
    read(line).unwrap_err()
}

#[test]
fn a_command_is_found_by_any_of_its_names_in_any_case() {
    let registry = registry();
    for name in ["deploy", "Deploy", "DEPLOY", "d", "D"] {
        assert_eq!(registry.find(name).unwrap().spec().name, "deploy");
    }
    assert!(registry.find("deplo").is_none());
}

#[test]
fn what_cannot_be_registered_is_told_at_the_start() {
    let mut registry = registry();
    let add = |registry: &mut Registry, spec| registry.add(Deploy(spec)).unwrap_err().to_string();
    let same = Spec { name: "drop", ..SPEC };
    assert_eq!(add(&mut registry, same), "two commands are called d; rename one");
    let upper = Spec {
        name: "Drop",
        aliases: &[],
        ..SPEC
    };
    assert!(add(&mut registry, upper).contains("not in lower case"));
    let example = Spec {
        name: "drop",
        aliases: &[],
        examples: &["drop it --now"],
        ..SPEC
    };
    assert_eq!(
        add(&mut registry, example),
        "the example \"drop it --now\" of drop does not parse; correct it"
    );
}

/// Six ways in which a well-known bot misreads command lines, and what phones do to them.
#[test]
fn values_arrive_as_they_were_typed() {
    let note = |line: &str| read(line).unwrap().note.unwrap();
    assert_eq!(note(r#"deploy prod --note "fix: bug""#), "fix: bug");
    assert_eq!(
        note("deploy prod --note https://example.org/a?b=c:d"),
        "https://example.org/a?b=c:d"
    );
    assert_eq!(note(r#"deploy prod --note="fix: a=b""#), "fix: a=b");
    assert_eq!(
        note("deploy prod \u{2014}note \u{201C}it\u{2019}s fixed\u{201D}"),
        "it\u{2019}s fixed"
    );
    assert_eq!(note("deploy prod --note $HOME"), "$HOME");
    assert_eq!(note("deploy \u{2013}note x prod"), "x");
    assert_eq!(
        read("deploy\u{A0}prod \u{2014}wait-ci").map(|args| args.wait_ci),
        Ok(true)
    );
    assert_eq!(
        read("deploy prod --parallel \u{2212}2").unwrap().parallel,
        Some(-2)
    );
}

#[test]
fn what_is_not_understood_is_refused() {
    assert_eq!(
        refused("deploy prod --aplication y"),
        "there is no --aplication here"
    );
    assert_eq!(
        refused("deploy prod --rfe y"),
        "there is no --rfe here. Did you mean --ref?"
    );
    assert_eq!(
        refused("deploy prod \u{2014}wait-cl"),
        "there is no --wait-cl here. Did you mean --wait-ci?"
    );
    assert_eq!(
        refused("deploy prod stage"),
        "there is nothing that \"stage\" could be here"
    );
    assert_eq!(refused("deploy"), "<target> is missing");
    assert_eq!(refused("deploy prod --ref"), "--ref needs a value");
    assert_eq!(refused("deploy prod --ref a --ref b"), "--ref is given twice");
    assert_eq!(
        refused("deploy prod --dry flase"),
        "\"flase\" is not a value for --dry: it is true or false. Did you mean false?"
    );
    assert_eq!(
        refused("deploy prod --parallel many"),
        "\"many\" is not a value for --parallel: invalid digit found in string"
    );
    assert_eq!(
        refused("deploy prod \"--b\u{202E}ad\""),
        "there is no --b<U+202E>ad here"
    );
    assert_eq!(refused("deploy --help"), "help");
}

#[test]
fn a_refused_line_leaves_nothing_behind() {
    let registry = registry();
    let command = registry.find("deploy").unwrap();
    for line in ["prod --ref", "prod --rfe x", "a b", "--help"] {
        assert!(command.parse(&split(line).unwrap()).is_err());
    }
    let tokens = split("stage").unwrap();
    assert_eq!(command.parse(&tokens).unwrap().target(), Some("stage"));
}

#[test]
fn usage_is_what_is_parsed() {
    let registry = registry();
    let [deploy] = registry.find("d").unwrap().shape().parts() else {
        panic!("it has no subcommands");
    };
    assert_eq!(
        deploy.usage.as_deref().unwrap(),
        "deploy <target> [--ref SHA] [--wait-ci] [--note TEXT] [--parallel N] [--dry true|false]"
    );
    assert_eq!(deploy.about, "bring a target's branch up to master");
    assert!(deploy.has_target);
    assert_eq!(deploy.effects, [Effect::Destructive, Effect::Change]);
    assert_eq!(deploy.examples, SPEC.examples);
}

/// What an app is made with.
#[derive(Debug, clap::Args)]
struct VarsArgs {
    #[command(subcommand)]
    verb: Vars,
}

#[derive(Debug, clap::Subcommand)]
enum Vars {
    /// Name them.
    List {
        /// Of which app.
        target: String,
    },
    /// Show one.
    Get {
        /// Of which app.
        target: String,
        /// Which one.
        #[arg(long_help = "its names: vars list <target>")]
        name: String,
        /// Why.
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
    /// Set one.
    Set {
        /// Of which app.
        target: String,
        /// Which one.
        name: String,
        /// To what.
        value: Option<String>,
    },
}

/// A command with subcommands, one of which takes a value.
struct Variables {
    examples: &'static [&'static str],
}

impl Default for Variables {
    fn default() -> Self {
        let examples = &[
            "vars list prod",
            "vars get prod A",
            "vars set prod A",
            "vars set prod A b",
        ];
        Self { examples }
    }
}

#[async_trait]
impl Command for Variables {
    type Args = VarsArgs;

    fn spec(&self) -> Spec {
        Spec {
            name: "vars",
            aliases: &[],
            examples: self.examples,
            ..SPEC
        }
    }

    fn effect(&self, args: &VarsArgs) -> Effect {
        match args.verb {
            Vars::List { .. } => Effect::Read,
            Vars::Set { value: Some(_), .. } => Effect::Change,
            Vars::Get { .. } | Vars::Set { .. } => Effect::Destructive,
        }
    }

    fn needs_the_target(&self, path: &CommandPath) -> bool {
        path.as_str() != "vars get"
    }

    async fn run(&self, _ask: &Ask<'_>, args: VarsArgs) -> Result<Outcome, Refusal> {
        Err(Refusal::new(format!("this is a test of {:?}", args.verb)))
    }
}

/// What is wrong with a line, how it is typed, and where what is missing can be seen.
fn wrong(line: &str) -> (String, String, Option<String>) {
    let mut registry = Registry::new();
    registry.add(Variables::default()).unwrap();
    let tokens = split(line).unwrap();
    let error = registry.find("vars").unwrap().parse(&tokens[1..]).unwrap_err();
    assert!(!format!("{error:?}").contains("canary"), "{error:?}");
    match error {
        UsageError::Wrong {
            words,
            usage,
            target,
            seen_in,
            ..
        } => (words, format!("{usage} of {target:?}"), seen_in),
        UsageError::Help { .. } => panic!("{line}"),
    }
}

#[test]
fn a_subcommand_is_told_of_alone() {
    assert_eq!(
        wrong("vars get prod"),
        (
            "<name> is missing".to_owned(),
            "vars get <target> <name> of Some(\"prod\")".to_owned(),
            Some("its names: vars list <target>".to_owned())
        )
    );
    assert_eq!(
        wrong("vars set prod").1,
        "vars set <target> <name> [value] of Some(\"prod\")"
    );
}

#[test]
fn where_a_value_can_be_typed_nothing_is_repeated() {
    for (line, words) in [
        ("vars get prod A hunter2-canary", "that is more than it takes"),
        ("vars get prod A --hunter2-canary", "there is no such option here"),
        ("vars set A=hunter2-canary", "<name> is missing"),
        (
            "vars set prod A hunter2-canary canary",
            "that is more than it takes",
        ),
    ] {
        assert_eq!(wrong(line).0, words, "{line}");
    }
}

#[test]
fn a_use_is_known_by_its_subcommand() {
    let mut registry = Registry::new();
    registry.add(Variables::default()).unwrap();
    let vars = registry.find("vars").unwrap();
    let tokens = split("set prod A").unwrap();
    let parsed = vars.parse(&tokens).unwrap();
    assert_eq!(parsed.part().path.as_str(), "vars set");
    let paths: Vec<&str> = registry.paths().map(CommandPath::as_str).collect();
    assert_eq!(paths, ["vars", "vars list", "vars get", "vars set"]);
    let part = |path: &str| registry.part(&path.into()).unwrap();
    let effects = |path| part(path).effects.as_slice();
    assert_eq!(effects("vars"), [] as [Effect; 0]);
    assert_eq!(effects("vars list"), [Effect::Read]);
    assert_eq!(effects("vars get"), [Effect::Destructive]);
    assert_eq!(effects("vars set"), [Effect::Destructive, Effect::Change]);
    assert_eq!(
        part("vars set").examples,
        ["vars set prod A", "vars set prod A b"]
    );
    assert!(part("vars set").needs_the_target && !part("vars get").needs_the_target);
    assert!(registry.part(&"vars copy".into()).is_none());
    assert!(registry.part(&"".into()).is_none());
}

#[test]
fn every_subcommand_has_an_example() {
    let vars = Variables {
        examples: &["vars list prod", "vars get prod A"],
    };
    let error = Registry::new().add(vars).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the subcommand vars set has no example; add one to those of its command"
    );
}
