//! What becomes of a folder of requests: each case is a file, and the verdict it must get.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use sts_generator::request::{
    FeatureSet, MAX_FILE_BYTES, Recursion, RequestErrors, RequestFolder, RewritePartition, Selection,
    read_folder,
};
use sts_schemas::aws::Partition;
use tempfile::TempDir;

const SOUND: &str = "apiVersion: cloudcredential.openshift.io/v1
kind: CredentialsRequest
metadata:
  name: parrot
  namespace: openshift-cloud-credential-operator
  annotations: {}
spec:
  serviceAccountNames: [parrot-operator]
  secretRef:
    name: parrot-creds
    namespace: openshift-parrot
  providerSpec:
    apiVersion: cloudcredential.openshift.io/v1
    kind: AWSProviderSpec
    statementEntries:
    - effect: Allow
      action: [s3:GetObject]
      resource: '*'
";

fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    dir
}

fn read(files: &[(&str, &[u8])], selection: &Selection) -> Result<RequestFolder, RequestErrors> {
    read_folder(folder(files).path(), selection)
}

fn like_ccoctl() -> Selection {
    Selection::like_ccoctl(Partition::Aws)
}

/// A sound request in which one text is replaced by another.
fn with(from: &str, to: &str) -> String {
    assert!(SOUND.contains(from), "{from:?} is not in the sound request");
    SOUND.replacen(from, to, 1)
}

/// A sound request with these annotations.
fn annotated(annotations: &str) -> String {
    with("annotations: {}", &format!("annotations: {{{annotations}}}"))
}

fn verdict(text: &str) -> Result<RequestFolder, RequestErrors> {
    read(&[("a.yaml", text.as_bytes())], &like_ccoctl())
}

fn condition(value: &str) -> String {
    with(
        "resource: '*'",
        &format!("resource: '*'\n      policyCondition: {{StringLike: {{\"aws:X\": {value}}}}}"),
    )
}

#[test]
fn a_sound_request_is_read_to_the_letter() {
    let folder = verdict(&with("spec:\n", "spec:\n  cloudTokenPath: /var/run/token\n")).unwrap();
    let [request] = folder.used.as_slice() else { panic!("{folder:?}") };
    assert_eq!(request.source.to_string(), "a.yaml, document 1, line 1");
    assert_eq!(request.name, "parrot");
    assert_eq!(request.secret_namespace, "openshift-parrot");
    assert_eq!(request.secret_name, "parrot-creds");
    assert_eq!(request.service_accounts, ["parrot-operator"]);
    assert_eq!(request.token_path.as_deref(), Some("/var/run/token"));
    assert_eq!(
        request.policy.canonical(),
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:GetObject"],"Resource":"*"}]}"#
    );
    assert_eq!(folder.files.len(), 1);
}

#[test]
fn condition_values_keep_the_type_they_were_written_in() {
    for (written, json) in [
        ("true", "true"),
        ("yes", "true"),
        ("off", "false"),
        ("'true'", "\"true\""),
        ("3", "3"),
        ("'0123'", "\"0123\""),
        ("[a, b]", "[\"a\",\"b\"]"),
        ("'${aws:PrincipalAccount}'", "\"${aws:PrincipalAccount}\""),
        ("2026-01-01", "\"2026-01-01\""),
    ] {
        let folder = verdict(&condition(written)).unwrap();
        let policy = folder.used[0].policy.canonical();
        assert!(policy.contains(&format!(r#""Condition":{{"StringLike":{{"aws:X":{json}}}}}"#)), "{policy}");
    }
}

#[test]
fn what_is_wrong_is_named_with_its_place() {
    let cases: &[(String, &str)] = &[
        (
            with("  serviceAccountNames: [parrot-operator]\n", ""),
            "line 8, column 3: spec.serviceAccountNames is missing",
        ),
        (with("[parrot-operator]", "[]"), "spec.serviceAccountNames is missing or empty"),
        (with("[parrot-operator]", "[a, a]"), "names a twice"),
        (
            with("[parrot-operator]", "parrot"),
            "line 8, column 24: spec.serviceAccountNames must be a list, this is text",
        ),
        (with("[parrot-operator]", "[Parrot]"), "\"Parrot\": lower-case letters"),
        (
            with("namespace: openshift-parrot", "namespace: ${NAMESPACE}"),
            "line 11, column 16: spec.secretRef.namespace cannot be \"${NAMESPACE}\": it is a template",
        ),
        (with("namespace: openshift-parrot", "namespace: a.b"), "RFC 1123 label"),
        (with("name: parrot-creds", "name: Parrot_Creds"), "spec.secretRef.name cannot be"),
        (
            with("name: parrot-creds", "name: no"),
            "spec.secretRef.name must be text, this is a truth value; put it in quotes",
        ),
        (with("name: parrot-creds", "name: 0755"), "must be text, this is a number; put it in quotes"),
        (with("name: parrot-creds", "name: ~"), "spec.secretRef.name is missing"),
        (with("name: parrot-creds", "name: ''"), "spec.secretRef.name is empty"),
        (with("  name: parrot\n", ""), "metadata.name is missing"),
        (annotated("x: true"), "metadata.annotations[x] must be text, this is a truth value"),
        (annotated("release.openshift.io/delete: true"), "must be text"),
        (
            with("annotations: {}", "annotations: [x]"),
            "metadata.annotations must be a mapping, this is a list",
        ),
        (
            with("openshift.io/v1\nkind", "openshift.io/v2\nkind"),
            "apiVersion must be cloudcredential.openshift.io/v1",
        ),
        (with("apiVersion: cloudcredential.openshift.io/v1\nkind", "kind"), "apiVersion is missing"),
        (with("kind: CredentialsRequest\n", ""), "kind is missing"),
        (with("kind: AWSProviderSpec", "x: y"), "spec.providerSpec.kind is missing"),
        (with("effect: Allow", "effect: allow"), "effect must be Allow or Deny, this is \"allow\""),
        (with("effect: Allow", "x: y"), "statementEntries[0].effect is missing"),
        (with("action: [s3:GetObject]", "x: y"), "statementEntries[0].action is missing"),
        (with("action: [s3:GetObject]", "action: []"), "names no action"),
        (with("action: [s3:GetObject]", "action: s3:GetObject"), "action must be a list, this is text"),
        (with("action: [s3:GetObject]", "action: [s3 GetObject]"), "an action is *, or service:Name"),
        (with("resource: '*'", "x: y"), "statementEntries[0].resource is missing"),
        (with("resource: '*'", "resource: ['*']"), "resource must be text, this is a list"),
        (with("resource: '*'", "resource: bucket"), "neither * nor an ARN"),
        (with("resource: '*'", "resource: arn:aws:s3"), "no whole ARN"),
        (with("resource: '*'", "resource: arn:mars:s3:::x"), "names no AWS partition"),
        (
            with("resource: '*'", "resource: arn:aws-cn:s3:::x"),
            "line 18, column 17: \"arn:aws-cn:s3:::x\" is an ARN of partition aws-cn",
        ),
        (
            with("resource: '*'", "resource: 'arn:aws:s3:::${BUCKET}'"),
            "holds ${BUCKET}, a template that was not filled in",
        ),
        (condition("012345678901"), "must be put in quotes"),
        (condition("0789"), "without zeros in front"),
        (condition("1.5"), "must be put in quotes"),
        (condition("{a: b}"), "must be text, a truth value or a number, this is a mapping"),
        (condition("arn:aws-cn:iam::1:role/x"), "ARN of partition aws-cn"),
        (
            with(
                "statementEntries:\n    - effect: Allow\n      action: [s3:GetObject]\n      resource: '*'\n",
                "statementEntries: []\n",
            ),
            "holds no statement",
        ),
        (with("spec:\n", "spec:\n  cloudTokenPath: token\n"), "spec.cloudTokenPath cannot be \"token\""),
        (with("secretRef:\n", "secretRef:\n  secretRef:\n"), "duplicate mapping key: secretRef"),
        (
            with("kind: AWSProviderSpec", "kind: AWSProviderSpec\n    kind: X"),
            "line 15, column 5: duplicate mapping key: kind",
        ),
        (with("  name: parrot\n", "\tname: parrot\n"), "line 4, column"),
        (with("[s3:GetObject]", "[s3:GetObject"), "line 18, column 15: illegal placement"),
        (with("'*'", "'*"), "unclosed quote"),
        (with("'*'", "*nowhere"), "unknown anchor"),
        (with("'*'", "!secret x"), "unsupported tag"),
    ];
    for (text, expected) in cases {
        let error = match verdict(text) {
            Ok(folder) => panic!("{expected:?} was not found wrong: {folder:?}"),
            Err(error) => error.to_string(),
        };
        assert!(error.contains(expected), "wanted {expected:?}, got {error}");
        assert!(error.contains("a.yaml, document 1, line "), "{error}");
    }
}

#[test]
fn all_problems_of_all_files_are_reported_in_one_run() {
    let twice = with("effect: Allow", "effect: allow").replace("[parrot-operator]", "[]");
    let broken_then_wrong = format!("a: [\n---\n{}", with("name: parrot-creds", "name: A_B"));
    let error = read(
        &[("b.yaml", broken_then_wrong.as_bytes()), ("a.yaml", twice.as_bytes()), ("c.yaml", b"\xff\xfe")],
        &like_ccoctl(),
    )
    .unwrap_err();
    let places: Vec<_> = error.problems.iter().map(|problem| problem.source.to_string()).collect();
    assert_eq!(
        places,
        [
            "a.yaml, document 1, line 8",
            "a.yaml, document 1, line 16",
            "b.yaml, document 1, line 1",
            "b.yaml, document 2, line 12",
            "c.yaml, line 1"
        ],
        "{error}"
    );
    assert!(error.to_string().starts_with("5 problems in the requests of "), "{error}");
}

#[test]
fn what_is_no_request_for_aws_is_skipped_with_its_reason() {
    let cases: &[(String, &str)] = &[
        (
            with("kind: AWSProviderSpec", "kind: AzureProviderSpec"),
            "it is for another cloud (AzureProviderSpec)",
        ),
        (annotated("release.openshift.io/delete: 'true'"), "the release removes it"),
        (annotated("release.openshift.io/feature-set: TechPreviewNoUpgrade"), "in force is Default"),
        ("kind: Deployment\nspec: {replicas: 3}\n".into(), "it is a Deployment, not a CredentialsRequest"),
        (with("cloudcredential.openshift.io/v1\nkind", "other.example/v1\nkind"), "not a CredentialsRequest"),
        ("just text\n".into(), "no Kubernetes object"),
        ("- a\n- b\n".into(), "no Kubernetes object"),
    ];
    for (text, expected) in cases {
        let folder =
            read(&[("a.yaml", text.as_bytes()), ("b.yaml", SOUND.as_bytes())], &like_ccoctl()).unwrap();
        assert_eq!(folder.used.len(), 1, "{expected}");
        let [skipped] = folder.skipped.as_slice() else { panic!("{expected}: {folder:?}") };
        assert!(skipped.reason.contains(expected), "wanted {expected:?}, got {skipped}");
        assert_eq!(skipped.source.file, "a.yaml");
    }
}

#[test]
fn every_form_of_file_that_kubernetes_takes_is_read() {
    let json = br#"{"apiVersion": "cloudcredential.openshift.io/v1", "kind": "CredentialsRequest",
	"metadata": {"name": "parrot"}, "spec": {"serviceAccountNames": ["\u0070arrot"], "secretRef":
	{"name": "a", "namespace": "b"}, "providerSpec": {"kind": "AWSProviderSpec", "statementEntries":
	[{"effect": "Allow", "action": ["s3:*"], "resource": "*"}]}}}"#;
    let crlf = SOUND.replace('\n', "\r\n");
    let bom = format!("\u{feff}{SOUND}");
    let empties = format!("# head\n\n---\n---\n# nothing\n---\n{SOUND}...\n---\n");
    let directive = format!("%YAML 1.1\n---\n{SOUND}");
    let indented = format!("  {}\n", SOUND.trim_end().replace('\n', "\n  "));
    let list = format!("kind: List\nitems:\n- kind: ConfigMap\n-\n{indented}");
    let anchors = with("[s3:GetObject]", "&a [s3:GetObject]")
        .replace("resource: '*'\n", "resource: '*'\n    - {effect: Deny, action: *a, resource: '*'}\n");
    let flow = format!("--- # comment\n{SOUND}");
    let forms: &[(&str, &[u8], usize)] = &[
        ("a.json", json, 1),
        ("a.yml", SOUND.as_bytes(), 1),
        ("a.YAML", SOUND.as_bytes(), 1),
        ("crlf.yaml", crlf.as_bytes(), 1),
        ("bom.yaml", bom.as_bytes(), 1),
        ("empties.yaml", empties.as_bytes(), 3),
        ("directive.yaml", directive.as_bytes(), 1),
        ("list.yaml", list.as_bytes(), 1),
        ("anchors.yaml", anchors.as_bytes(), 1),
        ("marker.yaml", flow.as_bytes(), 1),
    ];
    for (name, bytes, document) in forms {
        let folder = read(&[(name, bytes)], &like_ccoctl()).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(folder.used.len(), 1, "{name}");
        assert_eq!(folder.used[0].source.document, *document, "{name}");
        assert_eq!(folder.files[0].bytes, *bytes, "{name} must travel as it was read");
    }
}

#[test]
fn requests_come_in_the_order_of_files_then_documents() {
    let named = |name: &str| SOUND.replace("parrot-creds", name);
    let two = format!("{}---\n{}", named("two"), named("three"));
    let files: &[(&str, &[u8])] = &[
        ("b.yaml", two.as_bytes()),
        ("B.yaml", named("one").as_bytes()),
        ("sub/c.yaml", named("four").as_bytes()),
        ("notes.txt", b"x"),
        (".hidden.yaml", b"x"),
    ]
    .map(|(name, bytes): (&str, &[u8])| (name, bytes.to_vec().leak() as &[u8]));
    let secrets = |folder: &RequestFolder| -> Vec<String> {
        folder.used.iter().map(|request| request.secret_name.clone()).collect()
    };
    let top = read(files, &like_ccoctl()).unwrap();
    assert_eq!(secrets(&top), ["one", "two", "three"]);
    let skipped: Vec<_> = top.skipped.iter().map(|skipped| skipped.source.file.as_str()).collect();
    assert_eq!(skipped, [".hidden.yaml", "notes.txt", "sub"]);
    let nested = Selection { recursion: Recursion::Nested, ..like_ccoctl() };
    assert_eq!(secrets(&read(files, &nested).unwrap()), ["one", "two", "three", "four"]);
}

#[test]
fn two_requests_for_one_secret_are_refused_and_both_are_named() {
    let other = with("name: parrot\n", "name: macaw\n");
    let error =
        read(&[("a.yaml", SOUND.as_bytes()), ("b.yaml", other.as_bytes())], &like_ccoctl()).unwrap_err();
    let text = error.to_string();
    for part in
        ["b.yaml, document 1", "macaw asks for the Secret openshift-parrot/parrot-creds", "parrot (a.yaml"]
    {
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn a_folder_without_a_request_to_use_is_refused_with_what_was_skipped() {
    let azure = with("AWSProviderSpec", "AzureProviderSpec");
    let error = read(&[("a.yaml", azure.as_bytes())], &like_ccoctl()).unwrap_err();
    assert!(error.to_string().contains("no request for AWS"), "{error}");
    assert!(error.skipped[0].reason.contains("AzureProviderSpec"), "{error:?}");
    let error = read_folder(Path::new("/no/such/folder"), &like_ccoctl()).unwrap_err().to_string();
    assert!(error.contains("/no/such/folder") && error.contains("cannot be read"), "{error}");
}

#[test]
fn an_arn_of_another_partition_is_mended_on_demand_and_said_so() {
    let text = with("resource: '*'", "resource: arn:aws:ec2:*:*:subnet/*");
    let selection =
        Selection { rewrite: RewritePartition::Rewrite, ..Selection::like_ccoctl(Partition::AwsUsGov) };
    let folder = read(&[("a.yaml", text.as_bytes())], &selection).unwrap();
    assert!(folder.used[0].policy.canonical().contains(r#""Resource":"arn:aws-us-gov:ec2:*:*:subnet/*""#));
    assert!(
        folder.notes.iter().any(|note| note.contains("a.yaml, document 1, line 18: rewrote arn:aws:ec2")),
        "{:?}",
        folder.notes
    );
}

#[test]
fn what_was_assumed_is_noted() {
    let gated = annotated(
        "release.openshift.io/feature-gate: Squawk, capability.openshift.io/name: Birds+CloudCredential",
    );
    let folder = verdict(&gated).unwrap();
    assert!(folder.notes.iter().any(|note| note.contains("feature gate Squawk")), "{:?}", folder.notes);
    assert!(folder.notes.iter().any(|note| note.contains("Birds, CloudCredential")), "{:?}", folder.notes);
    let off = Selection { capabilities: Some(["CloudCredential".to_owned()].into()), ..like_ccoctl() };
    let error = read(&[("a.yaml", gated.as_bytes())], &off).unwrap_err();
    assert!(error.skipped[0].reason.contains("needs capability Birds, which is off"), "{error:?}");
    let preview = Selection { feature_set: FeatureSet::TechPreviewNoUpgrade, ..like_ccoctl() };
    let listed = annotated("release.openshift.io/feature-set: 'CustomNoUpgrade,TechPreviewNoUpgrade'");
    assert_eq!(read(&[("a.yaml", listed.as_bytes())], &preview).unwrap().used.len(), 1);
}

#[test]
fn only_files_with_requests_travel_and_odd_names_are_made_fit() {
    let mixed = format!("{SOUND}---\nkind: Secret\n");
    let folder =
        read(&[("my request.yaml", mixed.as_bytes()), ("secret.yaml", b"kind: Secret\n")], &like_ccoctl())
            .unwrap();
    assert_eq!(folder.files.len(), 1);
    assert_eq!(folder.files[0].name, "my_request.yaml");
    assert!(
        folder.notes.iter().any(|note| note.contains("what else it holds (Secret)")),
        "{:?}",
        folder.notes
    );
}

#[test]
fn input_made_to_exhaust_memory_or_stack_is_refused() {
    let deep = format!("{}{}", "[".repeat(300_000), "]".repeat(300_000));
    let deep_block = (0..200).map(|depth| " ".repeat(depth)).collect::<Vec<_>>().join("a:\n");
    let mut laughs = String::from("a0: &a0 [x,x,x,x,x,x,x,x,x]\n");
    for level in 1..20 {
        let below = format!("*a{}", level - 1);
        writeln!(laughs, "a{level}: &a{level} [{}]", [below.as_str(); 9].join(",")).unwrap();
    }
    let large = vec![b'#'; usize::try_from(MAX_FILE_BYTES).unwrap() + 1];
    for (name, bytes, expected) in [
        ("flow", deep.as_bytes(), "nested deeper"),
        ("block", deep_block.as_bytes(), "nested deeper"),
        ("laughs", laughs.as_bytes(), "too large when its aliases are filled in"),
        ("large", &large, "it is larger than 16 MiB"),
    ] {
        let started = std::time::Instant::now();
        let error = read(&[("a.yaml", bytes)], &like_ccoctl()).unwrap_err().to_string();
        assert!(error.contains(expected), "{name}: {error}");
        assert!(started.elapsed().as_secs() < 10, "{name} took {:?}", started.elapsed());
    }
}
