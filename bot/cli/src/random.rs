//! The operating system's randomness.

use countersign_core::random::Random;
use rand::TryRng as _;
use rand::rngs::SysRng;

/// The operating system's randomness.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    #[expect(
        clippy::expect_used,
        reason = "without randomness there are no ids and no secrets: nothing can go on"
    )]
    fn fill(&self, buffer: &mut [u8]) {
        SysRng
            .try_fill_bytes(buffer)
            .expect("the operating system has no randomness");
    }
}
