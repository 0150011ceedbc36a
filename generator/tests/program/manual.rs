//! The manual, as `man` reads it.

use crate::author::Author;

#[test]
fn a_page_names_the_program_the_command_and_what_each_value_is() {
    let author = Author::new();
    let page = |command: &str| author.run(&["man", command]).exits(0).stdout.replace("\\-", "-");
    let page_of_roles = page("create-iam-roles");
    for text in [
        "sts-generator-create-iam-roles - Write one IAM role",
        "\\fBsts-generator create-iam-roles\\fR ",
        " \\fB--name\\fR <\\fINAME\\fR> ",
        " [\\fB--region\\fR <\\fIREGION\\fR>] ",
        " \\fB--identity-provider-arn\\fR <\\fIARN\\fR> ",
        " [\\fB--tag\\fR <\\fIKEY=VALUE\\fR>]... ",
        " [\\fB-q\\fR|\\fB--quiet\\fR]",
    ] {
        assert!(page_of_roles.contains(text), "{text} is not in:\n{page_of_roles}");
    }
    assert!(page("sign").contains("<\\fIBUNDLE\\fR>"));
    let whole = author.run(&["man"]).exits(0).stdout;
    assert!(whole.contains("<\\fIcommand\\fR>\n.SH DESCRIPTION"), "{whole}");
}
