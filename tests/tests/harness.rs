//! The harness itself: what the other tests stand on must stand.

use serde_json::json;
use std::time::{Duration, Instant};
use sts_tests::adversary;
use sts_tests::handoff;
use sts_tests::proxy::{Fault, Proxy, When};

#[test]
fn the_emulator_keeps_what_is_made_and_the_proxy_delays_counts_and_denies() {
    let emulator = handoff::inhabited();
    let delay = Duration::from_millis(150);
    let denied = vec![(When::Holds("Action=ListOpenIDConnectProviders".into()), Fault::Denied)];
    let proxy = Proxy::start(emulator.address(), delay, denied);
    let through = sts_tests::account::Account::at(&format!("http://{}", proxy.address()), handoff::REGION);

    let begun = Instant::now();
    through.call(&json!([["iam", "get_role", {"RoleName": "bystander"}]]));
    assert!(begun.elapsed() >= delay);
    let traffic = proxy.take_traffic();
    assert_eq!(
        (traffic.calls.as_slice(), traffic.most_at_once),
        (["POST / Action=GetRole RoleName=bystander".to_owned()].as_slice(), 1)
    );

    let dump = std::panic::catch_unwind(|| through.dump());
    assert!(dump.is_err(), "the denied call fails the dump");
    let dump = handoff::account(&emulator).dump();
    assert!(dump["roles"].get("bystander").is_some() && dump["buckets"].get("bystander-files").is_some());
}

#[test]
fn an_archive_packed_again_is_the_same_archive() {
    for length in [1, 65_535, 65_536, 200_000] {
        let archive: Vec<u8> = (0..length).map(|n: u32| n.to_le_bytes()[0]).collect();
        assert!(adversary::unpack(&adversary::pack(&archive)) == archive, "{length} bytes");
    }
}
