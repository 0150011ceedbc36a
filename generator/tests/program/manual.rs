//! The manual, as `man` reads it.

use crate::author::Author;

fn page(author: &Author, words: &[&str]) -> String {
    author.run(&[&["man"], words].concat()).exits(0).stdout.replace("\\-", "-")
}

#[test]
fn a_page_names_the_program_its_version_the_command_and_what_each_value_is() {
    let author = Author::new();
    let roles = page(&author, &["create-iam-roles"]);
    let footer =
        format!(".TH sts-generator-create-iam-roles 1  \"sts-generator {}\"", env!("CARGO_PKG_VERSION"));
    for text in [
        footer.as_str(),
        "sts-generator-create-iam-roles - Write one IAM role",
        ".nf\n\\&sts-generator create-iam-roles [OPTIONS] --name <\\fINAME\\fR>\n",
        " --identity-provider-arn <\\fIARN\\fR> ",
        "\\fB--tag\\fR \\fI<KEY=VALUE>\\fR",
    ] {
        assert!(roles.contains(text), "{text} is not in:\n{roles}");
    }
    assert!(page(&author, &["sign"]).contains("<\\fIBUNDLE\\fR>"));
    let whole = page(&author, &[]);
    assert!(whole.contains("<\\fICOMMAND\\fR>\n.fi\n.SH DESCRIPTION"), "{whole}");
}

#[test]
fn examples_have_a_section_of_their_own_and_stay_line_by_line() {
    let text = page(&Author::new(), &["create-key-pair"]);
    let (_, examples) = text.split_once(".SH EXAMPLES\n").unwrap();
    assert!(!text.contains(".SH EXTRA"), "{text}");
    let first = ".in 0\n.nf\n\\&Example:\n\\&  sts-generator create-key-pair --output-dir demo\n";
    assert!(examples.starts_with(first) && examples.ends_with("\n.fi\n"), "{examples}");
}

#[test]
fn every_page_that_a_page_names_is_there_by_that_name_and_by_its_words() {
    let author = Author::new();
    let mut left = vec![String::new()];
    let mut seen = 0;
    while let Some(name) = left.pop() {
        let words: Vec<_> = name.split(' ').filter(|word| !word.is_empty()).collect();
        let text = page(&author, &words);
        let title = words.iter().fold("sts-generator".to_owned(), |title, word| format!("{title}-{word}"));
        assert_eq!(
            text,
            page(&author, &words.join("-").split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>())
        );
        assert!(text.contains(&format!(".TH {title} 1 ")), "{title}: {text}");
        let below =
            text.lines().filter_map(|line| line.strip_prefix(&title)?.strip_prefix('-')?.strip_suffix("(1)"));
        // Clap's own help command names everything once more.
        let below = below.filter(|below| *below != "help");
        left.extend(below.map(|below| format!("{name} {below}")));
        seen += 1;
    }
    assert!(seen > 20, "{seen} pages");
    author.run(&["man", "rotate-keys", "fly"]).exits(64).says(&["no page sts-generator-rotate-keys-fly"]);
}
