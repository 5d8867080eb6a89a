//! Puts the sources of the page together: one style sheet, one script, and the
//! Content-Security-Policy that allows these two and nothing else.

use std::io::{self, Write};
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::Language;

const TEMPLATE: &str = include_str!("../page/page.html");

const STYLES: [&str; 13] = [
    include_str!("../page/tokens.css"),
    include_str!("../page/frame.css"),
    include_str!("../page/overview.css"),
    include_str!("../page/filters.css"),
    include_str!("../page/heatmap.css"),
    include_str!("../page/side.css"),
    include_str!("../page/overview-narrow.css"),
    include_str!("../page/call.css"),
    include_str!("../page/timeline.css"),
    include_str!("../page/transcript.css"),
    include_str!("../page/review.css"),
    include_str!("../page/call-narrow.css"),
    include_str!("../page/print.css"),
];

/// The page's modules, each after those it imports.
pub(super) const MODULES: [&str; 28] = [
    include_str!("../page/en.js"),
    include_str!("../page/zh.js"),
    include_str!("../page/text.js"),
    include_str!("../page/dom.js"),
    include_str!("../page/heat.js"),
    include_str!("../page/recording.js"),
    include_str!("../page/data.js"),
    include_str!("../page/search.js"),
    include_str!("../page/selection.js"),
    include_str!("../page/findings.js"),
    include_str!("../page/store.js"),
    include_str!("../page/curve.js"),
    include_str!("../page/axis.js"),
    include_str!("../page/table.js"),
    include_str!("../page/terms.js"),
    include_str!("../page/calendar.js"),
    include_str!("../page/summary.js"),
    include_str!("../page/filters.js"),
    include_str!("../page/overview.js"),
    include_str!("../page/timeline.js"),
    include_str!("../page/transcript.js"),
    include_str!("../page/reviewpane.js"),
    include_str!("../page/turnreview.js"),
    include_str!("../page/callview.js"),
    include_str!("../page/topbar.js"),
    include_str!("../page/help.js"),
    include_str!("../page/keys.js"),
    include_str!("../page/main.js"),
];

/// The template with style, script and policy in their places, cut where the
/// data goes.
struct Page {
    head: String,
    tail: String,
}

static PAGE: LazyLock<Page> = LazyLock::new(|| {
    // HTML readers turn CRLF into LF before the browser hashes what it finds.
    let style = STYLES.concat().replace('\r', "");
    let script = bundle(&MODULES).replace('\r', "");
    let page = TEMPLATE
        .replace("{{policy}}", &policy(&style, &script))
        .replace("<!-- style -->", &format!("<style>{style}</style>"))
        .replace("<!-- script -->", &format!("<script>{script}</script>"));
    let (head, tail) = page.split_once("<!-- data -->").unwrap_or((&page, ""));
    Page {
        head: head.to_owned(),
        tail: tail.to_owned(),
    }
});

/// Writes everything that stands before the data.
pub fn write_head(out: &mut impl Write, language: Language) -> io::Result<()> {
    out.write_all(PAGE.head.replace("{{language}}", language.tag()).as_bytes())
}

/// Writes everything that stands after the data.
pub fn write_tail(out: &mut impl Write) -> io::Result<()> {
    out.write_all(PAGE.tail.as_bytes())
}

/// Joins ES modules into one script: import statements go, `export` goes, and a
/// function around all keeps their names off the window. The linter sees to it
/// that the modules export by declaration and import without renaming.
pub(super) fn bundle(modules: &[&str]) -> String {
    let mut script = String::from("\"use strict\";\n(() => {\n");
    let mut importing = false;
    for line in modules.iter().flat_map(|module| module.lines()) {
        importing |= line.starts_with("import ");
        if importing {
            importing = !line.trim_end().ends_with(';');
            continue;
        }
        script.push_str(line.strip_prefix("export ").unwrap_or(line));
        script.push('\n');
    }
    script.push_str("})();\n");
    script
}

/// The policy names the one style and the one script by their hashes. Nothing
/// may be fetched, framed, submitted or turned from text into markup.
fn policy(style: &str, script: &str) -> String {
    format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; img-src data:; \
         base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; \
         trusted-types 'none'",
        sha256(script),
        sha256(style),
    )
}

fn sha256(text: &str) -> String {
    STANDARD.encode(Sha256::digest(text.as_bytes()))
}
