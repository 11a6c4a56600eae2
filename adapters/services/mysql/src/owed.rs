//! Answers that a server owes and that nobody waits for any more. A server that hangs keeps each such session until it is
//! well again, whether or not the other end is still there; so they are counted, and with too many of them nothing more is
//! asked: the bot must not be what takes the last connection of a server that has trouble enough.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use tokio::sync::{oneshot, watch};

/// So many at most.
const MOST: usize = 16;

/// What one server owes.
#[derive(Clone)]
pub(crate) struct Owed {
    count: Arc<AtomicUsize>,
    /// Whoever waits for answers gives up when nobody has this any more.
    wanted: Arc<watch::Sender<()>>,
}

/// One answer, until it has come or never will.
struct Debt(Arc<AtomicUsize>);

impl Owed {
    pub(crate) fn nothing() -> Self {
        Self {
            count: Arc::default(),
            wanted: Arc::new(watch::Sender::new(())),
        }
    }

    fn one(&self) -> Debt {
        self.count.fetch_add(1, Ordering::Relaxed);
        Debt(Arc::clone(&self.count))
    }

    pub(crate) fn too_many(&self) -> bool {
        self.count.load(Ordering::Relaxed) >= MOST
    }

    /// Waits for an answer in a task of its own. If whoever asked loses patience that goes on, as the server does, until the
    /// answer has come. `None` if it broke off.
    pub(crate) async fn answer<T: Send + 'static>(
        &self,
        asked: impl Future<Output = T> + Send + 'static,
    ) -> Option<T> {
        let (debt, mut wanted) = (self.one(), self.wanted.subscribe());
        let (tell, told) = oneshot::channel();
        tokio::spawn(async move {
            tokio::select! {
                // There may be nobody left to be told.
                answer = asked => {
                    drop(debt);
                    drop(tell.send(answer));
                }
                _ = wanted.changed() => {}
            }
        });
        told.await.ok()
    }
}

impl Drop for Debt {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_nobody_waits_for_counts_until_it_is_answered() {
        let owed = Owed::nothing();
        let (answer, asked) = oneshot::channel::<u8>();
        let impatient = tokio::time::timeout(std::time::Duration::from_millis(10), owed.answer(asked));
        assert!(impatient.await.is_err());
        let more: Vec<Debt> = (1..MOST).map(|_| owed.one()).collect();
        assert!(owed.too_many());
        answer.send(1).unwrap();
        while owed.too_many() {
            tokio::task::yield_now().await;
        }
        drop(more);
        assert_eq!(owed.answer(async { 2 }).await, Some(2));
    }
}
