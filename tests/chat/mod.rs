//! What is promised of every chat adapter, told once and held against each network that there is an adapter for. The
//! suite knows core's trait; how people speak and listen on a network is the business of its [`Rig`].

mod console;
mod irc;
mod rig;
mod suite;

/// A test of the suite for each promise, on one network.
macro_rules! promises {
    ($rig:ty: $($promise:ident),+ $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread")]
            async fn $promise() {
                crate::chat::suite::$promise(<$rig as crate::chat::rig::Rig>::start().await).await;
            }
        )+
    };
}
pub(crate) use promises;
