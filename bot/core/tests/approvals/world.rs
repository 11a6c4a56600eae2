//! Small random worlds, and what happens in them, as plain numbers.

use super::oracle::Is;

pub(crate) const PEOPLE: usize = 6;
pub(crate) const ACCOUNTS: usize = 9;
pub(crate) const START: i64 = 1_000_000;

/// Half of the operations get stuck and, if a person says so, go on.
const OUTCOMES: [Is; 6] = [
    Is::Succeeded,
    Is::Failed,
    Is::Unknown,
    Is::Unknown,
    Is::Executing,
    Is::Executing,
];

/// Signatures: how many, of these people and of holders of these roles, at least this strong.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct SeatModel {
    pub(crate) count: u8,
    pub(crate) people: u8,
    pub(crate) roles: u8,
    pub(crate) assurance: u8,
}

#[derive(Clone, Debug)]
pub(crate) struct RuleModel {
    /// Holders of these roles may ask; everybody if absent.
    pub(crate) who: Option<u8>,
    pub(crate) seats: Vec<SeatModel>,
    pub(crate) pending: i64,
    pub(crate) valid: i64,
}

/// How things stand.
#[derive(Clone, Debug)]
pub(crate) struct Model {
    pub(crate) roles: [u8; PEOPLE],
    pub(crate) gone: [bool; PEOPLE],
    /// Whose each account is. Accounts of people who are gone lead to nobody.
    pub(crate) owner: [usize; ACCOUNTS],
    pub(crate) in_force: Option<RuleModel>,
    pub(crate) now: i64,
}

/// What was asked for.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) requester: usize,
    pub(crate) account: usize,
    pub(crate) rule: RuleModel,
    pub(crate) not_after: i64,
}

/// Who acts, with which account, from where: 0 and 1 are rooms, from 2 on a direct message with an account.
#[derive(Clone, Copy, Debug)]
pub(crate) struct By {
    pub(crate) person: usize,
    pub(crate) account: usize,
    pub(crate) assurance: u8,
    pub(crate) place: usize,
}

/// One thing that happens; `on` is the request.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Event {
    Approve {
        on: usize,
        by: By,
        right_plan: bool,
    },
    Deny {
        on: usize,
        by: By,
    },
    Withdraw {
        on: usize,
        by: By,
    },
    Cancel {
        on: usize,
        by: By,
    },
    Show {
        on: usize,
        place: usize,
    },
    Claim {
        on: usize,
        moved: bool,
    },
    Follow {
        on: usize,
        to: Is,
    },
    Expire {
        on: usize,
    },
    Remind {
        on: usize,
    },
    /// The process dies and reads everything again.
    Crash,
    /// The operating system's clock is set, forward or back.
    Clock(i64),
    /// Somebody leaves, or comes back.
    Leave(usize),
    /// Somebody gets or loses a role.
    Role {
        person: usize,
        role: usize,
    },
    /// An account is somebody else's.
    Relink {
        account: usize,
        person: usize,
    },
    /// Another policy is in force.
    Policy([u8; 4]),
}

impl Event {
    pub(crate) fn on(&self) -> Option<usize> {
        match *self {
            Self::Approve { on, .. }
            | Self::Deny { on, .. }
            | Self::Withdraw { on, .. }
            | Self::Cancel { on, .. }
            | Self::Show { on, .. }
            | Self::Claim { on, .. }
            | Self::Follow { on, .. }
            | Self::Expire { on }
            | Self::Remind { on } => Some(on),
            _ => None,
        }
    }

    /// The event that a number stands for: every sequence of numbers is one of events.
    pub(crate) fn of(number: u64) -> Self {
        let [kind, on, person, account, strength, more, _, _] = number.to_le_bytes();
        let on = usize::from(on % 4 == 0);
        let (person, account) = (usize::from(person) % PEOPLE, usize::from(account) % ACCOUNTS);
        // Most messages come with the first account of the person, well proven, and in a room.
        let account = if more % 8 == 7 { account } else { person };
        let by = By {
            person,
            account,
            assurance: [0, 1, 1, 2, 3, 3, 3, 3][usize::from(strength % 8)],
            place: if more % 8 == 6 { 2 + account } else { account % 2 },
        };
        match kind % 32 {
            0..=13 => Self::Approve {
                on,
                by,
                right_plan: more % 16 != 5,
            },
            14 => Self::Deny { on, by },
            15 => Self::Withdraw { on, by },
            16 => Self::Cancel { on, by },
            17 => Self::Show {
                on,
                place: usize::from(more) % (2 + ACCOUNTS),
            },
            18..=21 => Self::Claim {
                on,
                moved: more % 8 == 0,
            },
            22..=24 => Self::Follow {
                on,
                to: OUTCOMES[usize::from(more % 6)],
            },
            25 => Self::Expire { on },
            26 => Self::Remind { on },
            27 if more % 2 == 0 => Self::Crash,
            27 => Self::Clock(2 * i64::from(more)),
            28 => Self::Clock(i64::from(more / 2) - 40),
            29 if more % 3 == 0 => Self::Leave(person),
            29 => Self::Role {
                person,
                role: usize::from(more % 3),
            },
            30 if more % 2 == 0 => Self::Relink {
                account,
                person: usize::from(more) % PEOPLE,
            },
            _ => Self::Policy([strength, account.to_le_bytes()[0], more, kind]),
        }
    }
}

fn seats(bytes: &[u8]) -> Vec<SeatModel> {
    let seat = |byte: &u8| SeatModel {
        count: 1 + u8::from(byte % 4 == 3),
        people: if byte & 4 == 0 { 0 } else { byte >> 2 & 0x3E },
        roles: if byte & 4 == 0 { 1 << ((byte >> 3) % 3) } else { 0 },
        assurance: if byte & 0xC0 == 0xC0 { 2 } else { 1 },
    };
    bytes.iter().map(seat).collect()
}

impl RuleModel {
    pub(crate) fn from_bytes(bytes: [u8; 4]) -> Self {
        let [kind, first, second, _] = bytes;
        let wanted = usize::from(kind % 8).min(4) / 2;
        Self {
            who: (kind & 0x30 == 0).then_some(1 | (1 << ((kind >> 6) % 3))),
            seats: seats(&[first, second][..wanted]),
            pending: if kind & 8 == 0 { 400 } else { 100 },
            valid: if kind & 16 == 0 { 150 } else { 40 },
        }
    }
}

impl Model {
    pub(crate) fn from_bytes(bytes: [u8; 16]) -> (Self, [Asked; 2]) {
        let owner = std::array::from_fn(|account| match account.checked_sub(PEOPLE) {
            None => account,
            Some(extra) => usize::from(bytes[extra]) % PEOPLE,
        });
        let roles = std::array::from_fn(|person| bytes[3 + person] % 8);
        let rule = RuleModel::from_bytes([bytes[9], bytes[10], bytes[11], 0]);
        let ask = |byte: u8| {
            let requester = usize::from(byte % 3);
            let own = (0..ACCOUNTS).rev().find(|&account| owner[account] == requester);
            Asked {
                requester,
                account: if byte & 8 == 0 {
                    requester
                } else {
                    own.unwrap_or(requester)
                },
                rule: rule.clone(),
                not_after: START + if byte & 16 == 0 { 10_000 } else { 120 },
            }
        };
        let model = Self {
            roles,
            gone: [false; PEOPLE],
            owner,
            in_force: Some(rule.clone()),
            now: START,
        };
        (model, [ask(bytes[12]), ask(bytes[13])])
    }

    /// The rule in force, if it lets the requester ask for this, with the account they asked with.
    pub(crate) fn allowed(&self, asked: &Asked) -> Option<&RuleModel> {
        let known = !self.gone[asked.requester] && self.owner[asked.account] == asked.requester;
        let rule = self.in_force.as_ref()?;
        let may = rule
            .who
            .is_none_or(|roles| known && roles & self.roles[asked.requester] != 0);
        may.then_some(rule)
    }

    pub(crate) fn knows(&self, by: By) -> bool {
        !self.gone[by.person] && self.owner[by.account] == by.person && by.assurance >= 1
    }
}
