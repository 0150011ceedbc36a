//! Many clusters in one run: each as if it had been made alone, and none in the way of another.

use crate::author::{Author, CLUSTER_KEY, REQUESTS, Ran};
use serde_json::Value;
use sts_schemas::layout;

/// Makes a fleet of this file, with these flags for all.
fn create(author: &Author, file: &str, flags: &[&str]) -> Ran {
    author.put("fleet.yaml", file);
    let fixed = ["create-all", "--fleet", "fleet.yaml", "--region", "eu-central-1", "--output-dir", "fleet"];
    let inputs = ["--credentials-requests-dir", REQUESTS, "--signing-key", "author.key"];
    author.run(&[&fixed[..], &inputs, flags].concat())
}

#[test]
fn each_bundle_is_the_one_that_the_same_flags_make_alone_and_a_failure_stops_no_other() {
    let author = Author::new();
    let file = "clusters:\n- {name: harbour, account-id: \"012345678901\"}\n\
                - {name: pier, account-id: \"012345678901\", credentials-requests-dir: nowhere}\n\
                - name: quay\n  any-account: true\n  region: us-east-1\n  tag: [team=a, cost=b]\n  output-dir: other\n\
                - {name: mole, accountid: x}\n- {name: DOCK, any-account: true}\n\
                - {name: reef, account-id: 012345678901}\n- {name: bank, bogus: 1}\n";
    // What is said of a bundle that clusters follow means none that follow nothing.
    let flags = ["--public-key-file", CLUSTER_KEY, "--trusted-key", "author.key.pub"];
    let run = create(&author, file, &flags).exits(1).says(&[
        "5 of 7 clusters have no bundle: pier, mole, DOCK, reef, bank",
        "reef: Error: line 11: account-id is a number; put it into quotes",
        "bank: Error: create-all has no flag --bogus for a cluster",
        "pier: NOT MADE (line 3)",
        "pier: Error: 1 problem in the requests of nowhere",
        "no flag --accountid",
        "DOCK: NOT MADE (line 10)",
    ]);
    let bundles: Vec<_> = run.stdout.lines().collect();
    let alone = |name: &str, region: &str, flags: &[&str]| {
        let fixed = ["create-all", "--name", name, "--region", region, "--output-dir", "alone"];
        let inputs = ["--credentials-requests-dir", REQUESTS, "--signing-key", "author.key"];
        let all =
            [&fixed[..], &inputs, &["--public-key-file", CLUSTER_KEY, "--bundle-dir", "alone-b"], flags];
        let made = author.run(&all.concat()).exits(0).stdout;
        author.shell("rm -r alone");
        author.verify(&made).digest().clone()
    };
    let harbour = alone("harbour", "eu-central-1", &["--account-id", "012345678901"]);
    let quay = alone("quay", "us-east-1", &["--any-account", "--tag", "team=a", "--tag", "cost=b"]);
    let made: Vec<_> = bundles.iter().map(|bundle| author.verify(bundle).digest().clone()).collect();
    assert_eq!(made, [harbour, quay]);
    for folder in ["fleet/harbour", "other"] {
        assert!(author.tree(folder).contains_key(layout::KEYS), "{folder}");
    }
}

#[test]
fn keys_are_made_for_each_cluster_and_the_summary_is_for_programs_too() {
    let author = Author::new();
    let file = "clusters:\n- {name: harbour}\n- {name: quay}\n- {name: pier, region: [a, b]}\n";
    let run = create(&author, file, &["--any-account", "--format", "json"]).exits(1);
    let summary: Value = serde_json::from_str(&run.stdout).unwrap();
    let results: Vec<_> = (0..3).map(|index| &summary["clusters"][index]["outcome"]["result"]).collect();
    assert_eq!(results, ["made", "made", "failed"], "{summary:#}");
    assert_eq!(summary["clusters"][2]["line"], 4);
    let keys =
        ["harbour", "quay"].map(|name| author.tree(&format!("fleet/{name}"))[layout::PRIVATE_KEY].clone());
    assert_ne!(keys[0], keys[1]);
    assert_eq!(keys[0].0, 0o600);
    let bundle = summary["clusters"][0]["outcome"]["bundle"].as_str().unwrap();
    assert_eq!(author.verify(bundle).digest().as_str(), summary["clusters"][0]["outcome"]["digest"]);
}

#[test]
fn clusters_in_each_others_way_and_files_that_list_none_are_refused_before_anything_is_made() {
    let author = Author::new();
    let cases = [
        ("clusters:\n- {name: a}\n- {name: a, region: us-east-1}\n", "lines 2 and 3: the name a"),
        ("clusters:\n- {name: a, output-dir: x}\n- {name: b, output-dir: x}\n", "the directory x"),
        (
            "clusters:\n- {name: a, issuer-url: \"https://x.example\"}\n- {name: b, issuer-url: \"https://x.example\"}\n",
            "lines 2 and 3: the issuer https://x.example",
        ),
        (
            "clusters:\n- {name: a, bucket-name: shared}\n- {name: b, bucket-name: shared, issuer-path: b}\n",
            "lines 2 and 3: the bucket shared, which is the first one's own",
        ),
        ("cluster:\n- {name: a}\n", "cluster means nothing here"),
    ];
    for (file, words) in cases {
        create(&author, file, &["--any-account"]).exits(1).says(&[words]);
        assert!(!author.path("fleet").exists() && !author.path("bundles").exists(), "{words}");
    }
    author.run(&["create-all", "--name", "a"]).exits(64).says(&["--credentials-requests-dir"]);
    author.run(&["create-all", "--format", "json", "--name", "a"]).exits(64).says(&["--fleet"]);
}
