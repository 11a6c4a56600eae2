#![doc = include_str!("../README.md")]

mod approve;
mod audit;
mod burn;
mod can;
mod cancel;
mod checkpoint;
mod deny;
mod help;
mod holds;
mod links;
mod lock;
mod locks;
mod more;
mod op;
mod ops;
mod pending;
mod phrase;
mod ping;
mod reissue;
mod release_hold;
mod replies;
mod show;
mod status;
mod unlock;
mod whoami;
mod why;
mod withdraw;

#[cfg(test)]
mod stage;

use countersign_core::command::{Registry, RegistryError};

/// Adds these commands, in the order in which help lists them.
pub fn register(registry: &mut Registry) -> Result<(), RegistryError> {
    registry.add(help::Help)?;
    registry.add(ping::Ping)?;
    registry.add(more::More)?;
    registry.add(status::Status)?;
    registry.add(whoami::Whoami)?;
    registry.add(can::Can)?;
    registry.add(pending::Pending)?;
    registry.add(why::Why)?;
    registry.add(show::Show)?;
    registry.add(approve::Approve)?;
    registry.add(deny::Deny)?;
    registry.add(withdraw::Withdraw)?;
    registry.add(cancel::Cancel)?;
    registry.add(ops::Ops)?;
    registry.add(op::Op)?;
    registry.add(links::Links)?;
    registry.add(phrase::Phrase)?;
    registry.add(burn::Burn)?;
    registry.add(reissue::Reissue)?;
    registry.add(lock::Lock)?;
    registry.add(unlock::Unlock)?;
    registry.add(locks::Locks)?;
    registry.add(holds::Holds)?;
    registry.add(release_hold::ReleaseHold)?;
    registry.add(audit::Audit)?;
    registry.add(checkpoint::Checkpoint)
}
