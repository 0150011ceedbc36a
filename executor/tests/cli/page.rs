//! The pages of `inspect`: whole in themselves, to be read by everybody, and closed to what a bundle says.

use super::{Desk, bundle};
use crate::bundle::Wording;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use sts_executor::show::page::STYLE;
use sts_schemas::failure::Exit;

/// What an author who means harm might write wherever there is room for words.
const HOSTILE: &str =
    "\"'><img src=x onerror=alert(1)></td><script>alert(2)</script></style></title>&lt;|`<b>\u{202e}";

const WILD: &str = "route53:Change*";

fn hostile_desk() -> Desk {
    let desk = Desk::new();
    let statement = json!({
        "Effect": "Allow", "Action": ["ec2:DescribeRegions", WILD],
        "Resource": [format!("arn:aws:s3:::{HOSTILE}"), format!("arn:aws:ec2:::{HOSTILE}")],
        "Condition": {"StringLike": {HOSTILE: [HOSTILE]}},
    });
    let text = Wording { tool: HOSTILE, description: HOSTILE, statement };
    bundle::write_worded(&desk.bundle(), &bundle::signing_key(7), None, &text);
    desk
}

fn inspected(desk: &Desk, format: &str) -> String {
    let run = desk.run(&["inspect", "BUNDLE", "--trusted-key", "author.pub", "--format", format]);
    assert_eq!(run.exit, Exit::Done, "{}", run.err);
    run.out
}

/// A start tag.
#[derive(Debug)]
struct Tag {
    name: String,
    attributes: BTreeMap<String, String>,
}

/// The tags of a page, in order; fails where the page is not as strict as XML but for `meta` and the doctype.
fn tags(page: &str) -> Vec<Tag> {
    let body = page.strip_prefix("<!DOCTYPE html>\n").unwrap();
    let (mut tags, mut open, mut rest) = (Vec::new(), Vec::new(), body);
    while let Some(at) = rest.find('<') {
        let text = &rest[..at];
        assert!(
            !text.contains('>') || open.last().is_some_and(|name| name == "style"),
            "loose > in {text:?}"
        );
        let (inside, behind) = rest[at + 1..].split_once('>').unwrap();
        rest = behind;
        if let Some(name) = inside.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name), "what is closed is what was opened last");
            continue;
        }
        let tag = tag(inside);
        if tag.name != "meta" {
            open.push(tag.name.clone());
        }
        tags.push(tag);
    }
    assert!(open.is_empty(), "{open:?} are never closed");
    tags
}

fn tag(inside: &str) -> Tag {
    let (name, mut rest) = inside.split_once(' ').unwrap_or((inside, ""));
    let mut attributes = BTreeMap::new();
    while !rest.is_empty() {
        let (name, behind) = rest.split_once("=\"").unwrap_or_else(|| panic!("{inside:?}"));
        let (value, behind) = behind.split_once('"').unwrap_or_else(|| panic!("{inside:?}"));
        assert!(attributes.insert(name.to_owned(), value.to_owned()).is_none(), "{inside:?}");
        rest = behind.trim_start();
    }
    Tag { name: name.to_owned(), attributes }
}

#[test]
fn a_bundle_cannot_put_markup_into_its_page() {
    let page = inspected(&hostile_desk(), "html");
    let known = "html head meta title style body main footer h1 h2 h3 p dl dt dd ul li span strong a div figure \
        figcaption svg g rect text tspan path table caption thead tbody tr th td code";
    let known: BTreeSet<&str> = known.split_whitespace().collect();
    for tag in tags(&page) {
        assert!(known.contains(tag.name.as_str()), "a bundle brought in {tag:?}");
        for (name, value) in &tag.attributes {
            assert!(!name.starts_with("on") && name != "style" && name != "src", "{tag:?}");
            assert!(name != "href" || value.starts_with('#'), "{tag:?}");
        }
    }
    assert!(page.matches("&lt;script&gt;").count() >= 5, "the words are shown for what they are:\n{page}");
    assert!(!page.contains('\u{202e}'), "nothing turns the direction of writing");
}

#[test]
fn neither_can_what_changed_since_an_older_bundle() {
    let older = Desk::new();
    let desk = hostile_desk();
    let args =
        ["inspect", "BUNDLE", "--trusted-key", "author.pub", "--previous", older.bundle().to_str().unwrap()]
            .map(str::to_owned);
    let shown = |format: &str| {
        let args: Vec<&str> = args.iter().map(String::as_str).chain(["--format", format]).collect();
        let run = desk.run(&args);
        assert_eq!(run.exit, Exit::Done, "{}", run.err);
        assert!(!run.out.contains('\u{202e}') && run.out.contains("alert(2)"), "{}", run.out);
        run.out
    };
    let [page, markdown, _, _] = ["html", "markdown", "text", "json"].map(shown);
    let section = page.split("<h2 id=\"changed\">").nth(1).unwrap().split("<h2").next().unwrap();
    assert!(section.contains("&lt;script&gt;") && section.contains("class=\"level\""), "{section}");
    for tag in tags(&page) {
        assert!(!["script", "img", "b"].contains(&tag.name.as_str()), "a bundle brought in {tag:?}");
    }
    assert!(!markdown.contains("<script") && !markdown.contains("<img"), "{markdown}");
}

#[test]
fn a_page_fetches_nothing_and_runs_nothing() {
    let page = inspected(&Desk::new(), "html");
    assert!(
        page.contains("Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'")
    );
    for word in ["<script", "<link", "<iframe", "url(", "@import", "javascript:", "data:"] {
        assert!(!page.contains(word), "{word}");
    }
    // The only addresses are text: the issuer's, and those in the names of resources.
    assert!(tags(&page).iter().all(|tag| tag.attributes.values().all(|value| !value.contains("://"))));
}

#[test]
fn a_page_can_be_read_by_ear_and_by_keyboard() {
    let page = inspected(&Desk::new(), "html");
    let tags = tags(&page);
    let of = |name: &'static str| tags.iter().filter(move |tag| tag.name == name);
    assert_eq!(of("html").next().unwrap().attributes["lang"], "en");
    assert_eq!((of("title").count() > 1, of("main").count(), of("h1").count()), (true, 1, 1));
    let headings = tags.iter().filter_map(|tag| tag.name.strip_prefix('h')?.parse::<u8>().ok());
    headings.fold(0, |above, level| {
        assert!(level <= above + 1, "a heading skips from level {above} to {level}");
        level
    });
    let ids: Vec<_> = tags.iter().filter_map(|tag| tag.attributes.get("id")).collect();
    assert_eq!(ids.len(), ids.iter().collect::<BTreeSet<_>>().len(), "{ids:?}");
    for link in of("a") {
        assert!(ids.iter().any(|id| link.attributes["href"] == format!("#{id}")), "{link:?}");
    }
    assert!(of("th").count() > 0 && of("th").all(|tag| tag.attributes.contains_key("scope")));
    assert_eq!(of("table").count(), of("caption").count());
    assert_eq!(of("svg").count(), 1);
    assert!(
        of("svg").all(|tag| tag.attributes["role"] == "img"),
        "a drawing is one thing to a screen reader"
    );
    let told =
        format!("<title>Role {}. Taken on by: openshift-ingress:router. May use: route53", bundle::ROLE);
    assert!(page.contains(&told), "the drawing in words");
    // What scrolls sideways can be reached by keyboard, and says what it is.
    for part in of("div").filter(|tag| tag.attributes.get("class").is_some_and(|class| class == "wide")) {
        assert_eq!((&*part.attributes["tabindex"], &*part.attributes["role"]), ("0", "region"));
        assert!(!part.attributes["aria-label"].is_empty());
    }
}

#[test]
fn wildcards_are_marked_by_more_than_colour_in_drawing_and_table() {
    let page = inspected(&hostile_desk(), "html");
    assert!(page.contains("<tspan class=\"wild\">Change*</tspan>"), "{page}");
    assert!(page.contains("<code class=\"wild\">route53:Change*</code>"));
    assert!(page.contains("route53 (1 wildcard, only under conditions)"), "{page}");
    for rule in
        ["svg .wild { text-decoration: underline; }", ".wild { color: var(--alarm); font-weight: 700;"]
    {
        assert!(STYLE.contains(rule), "{rule}");
    }
}

/// What the drawing of a role with this statement says to whoever does not see it, and the whole page and Markdown.
fn drawn(statement: serde_json::Value) -> [String; 3] {
    let desk = Desk::new();
    let text = Wording { tool: "0", description: "x", statement };
    bundle::write_worded(&desk.bundle(), &bundle::signing_key(7), None, &text);
    let [page, markdown] = ["html", "markdown"].map(|format| inspected(&desk, format));
    let told = page.split("May use: ").nth(1).unwrap().split("</title>").next().unwrap().to_owned();
    [told, page, markdown]
}

#[test]
fn what_a_statement_leaves_out_is_not_taken_for_what_it_names() {
    let all = json!({"Effect": "Allow", "NotAction": ["s3:GetObject", "iam:Pass*"], "Resource": "*"});
    let [told, page, markdown] = drawn(all);
    assert_eq!(told, "every action but iam:Pass*, s3:GetObject, on every resource.");
    assert!(page.contains(">EVERY ACTION BUT<") && page.contains(">s3:GetObject<"), "{page}");
    assert!(page.contains("everything but s3:GetObject, iam:Pass*</code>"), "one text in the table: {page}");
    assert!(
        markdown.contains("- every action but <code>iam:Pass\\*</code>, <code>s3:GetObject</code>, on every")
    );
    let denied = json!({"Effect": "Deny", "NotAction": "s3:GetObject", "Resource": "arn:aws:s3:::a/*"});
    assert_eq!(drawn(denied)[0], "denied: every action but s3:GetObject.");
}

#[test]
fn a_wildcard_for_every_action_is_called_that_and_other_resources_and_conditions_are_marked() {
    let [told, page, markdown] = drawn(json!({"Effect": "Allow", "Action": "*", "Resource": "*"}));
    assert_eq!(told, "every service (every action, on every resource).");
    assert!(page.contains(">  every action, on every resource<") && !page.contains("1 wildcard"), "{page}");
    assert!(markdown.contains("- <code>every service</code>: every action, on every resource"), "{markdown}");
    let statement = json!({
        "Effect": "Allow", "Action": ["s3:Get*", "s3:PutObject"], "NotResource": "arn:aws:s3:::a/*",
        "Condition": {"StringEquals": {"aws:PrincipalTag/x": "y"}},
    });
    let [told, page, markdown] = drawn(statement);
    let marks = "1 action, 1 wildcard, on every resource but those named, only under conditions";
    assert_eq!(told, format!("s3 ({marks})."));
    assert!(markdown.contains(marks), "{markdown}");
    for mark in ["on every resource but those named", "only under conditions"] {
        assert!(page.contains(&format!("<tspan class=\"alarm\">{mark}</tspan>")), "{page}");
    }
}

#[test]
fn a_page_without_a_trusted_key_says_first_that_nobody_vouches_for_it() {
    for (format, words) in [("html", "<strong>UNVERIFIED.</strong>"), ("markdown", "**UNVERIFIED.**")] {
        let run = Desk::new().run(&["inspect", "BUNDLE", "--format", format]);
        assert_eq!(run.exit, Exit::Done, "{}", run.err);
        assert!(run.out.find(words).unwrap() < run.out.find("issuer").unwrap(), "{}", run.out);
        assert_eq!(run.out.starts_with("# UNVERIFIED bundle"), format == "markdown");
        assert_eq!(run.out.contains("<title>UNVERIFIED bundle"), format == "html");
    }
}

#[test]
fn markdown_tells_the_same_and_takes_nothing_of_a_bundle_for_markup() {
    let plain = inspected(&Desk::new(), "markdown");
    for words in
        ["# Bundle for cluster demo", "**VERIFIED.**", bundle::ROLE, "route53:ListHostedZones", "taken on by"]
    {
        assert!(plain.contains(words), "{words} is not in {plain}");
    }
    let text = inspected(&hostile_desk(), "markdown");
    assert!(!text.contains("<script") && !text.contains("<img") && !text.contains('\u{202e}'), "{text}");
    assert!(text.contains("&lt;script&gt;") && text.contains("\\|\\`"), "{text}");
}

#[test]
fn only_inspect_writes_documents() {
    let run = Desk::new().run(&["verify", "BUNDLE", "--trusted-key", "author.pub", "--format", "html"]);
    assert_eq!((run.exit, run.out.as_str()), (Exit::Usage, ""));
    assert!(run.err.contains("only `inspect` writes html"), "{}", run.err);
}

/// Brightness of an sRGB colour. Source: WCAG 2.2, "relative luminance".
fn luminance(colour: &str) -> f64 {
    let channel = |at: usize| {
        let value = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
}

/// Source: WCAG 2.2, "contrast ratio".
fn contrast(one: &str, other: &str) -> f64 {
    let (one, other) = (luminance(one) + 0.05, luminance(other) + 0.05);
    if one > other { one / other } else { other / one }
}

#[test]
fn every_colour_stands_out_from_what_is_behind_it_in_the_light_in_the_dark_and_on_paper() {
    let palettes: Vec<BTreeMap<&str, &str>> = STYLE
        .split(":root {")
        .skip(1)
        .map(|part| {
            let words = part.split('}').next().unwrap().split(';');
            words.filter_map(|word| word.trim().split_once(": ")).collect()
        })
        .collect();
    assert_eq!(palettes.len(), 3);
    // WCAG 2.2, level AA: 4.5 for text (1.4.3), 3 for lines that tell something (1.4.11).
    let pairs = [
        ("--ink", "--paper", 4.5),
        ("--ink", "--card", 4.5),
        ("--ink", "--alarm-paper", 4.5),
        ("--ink", "--care-paper", 4.5),
        ("--faint", "--paper", 4.5),
        ("--faint", "--card", 4.5),
        ("--good", "--good-paper", 4.5),
        ("--alarm", "--alarm-paper", 4.5),
        ("--alarm", "--card", 4.5),
        ("--alarm", "--paper", 4.5),
        ("--care", "--care-paper", 4.5),
        ("--role", "--paper", 4.5),
        ("--edge", "--paper", 3.0),
    ];
    for palette in &palettes {
        for (front, behind, least) in pairs {
            let found = contrast(palette[front], palette[behind]);
            assert!(found >= least, "{front} {} on {behind} {}: {found:.2}", palette[front], palette[behind]);
        }
    }
}
