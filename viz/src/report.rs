//! One page that needs nothing else: charts, their numbers beside them, light or dark as the reader's screen is.
//! No script, no network, no font.

use std::fmt::Write;

use crate::chart::Chart;
use crate::svg::{escape, variables};
use crate::table::{Table, readable};
use crate::theme::Theme;

/// A chart with what is to be said of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Section {
    /// What is drawn.
    pub chart: Chart,
    /// A paragraph under it; may be empty.
    pub words: String,
}

/// Longer tables end here on a page; what follows is in the CSV file.
const ROWS: usize = 200;

const STYLE: &str = "\
*{box-sizing:border-box}
body{margin:0 auto;max-width:82rem;padding:1.5rem;background:var(--paper);color:var(--text);\
font:15px/1.5 'DejaVu Sans',Verdana,sans-serif}
h1{font-size:1.5rem;font-weight:normal;margin:0 0 1rem}
section{display:flex;flex-wrap:wrap;gap:1.5rem;align-items:flex-start;border-top:1px solid var(--grid);padding:1rem 0}
figure{margin:0;flex:1 1 36rem;min-width:0}
svg{display:block;max-width:100%;height:auto}
figcaption{color:var(--muted)}
.numbers{flex:0 1 auto;max-width:100%;max-height:32rem;overflow:auto}
table{border-collapse:collapse;font-size:12px;font-variant-numeric:tabular-nums}
th,td{padding:.15rem .6rem;text-align:right;white-space:nowrap;border-bottom:1px solid var(--grid)}
th{position:sticky;top:0;background:var(--paper);color:var(--muted);font-weight:normal}
.words{text-align:left}
";

/// The page as HTML.
#[must_use]
pub fn page(title: &str, introduction: &str, sections: &[Section]) -> String {
    let title = escape(title);
    let (light, dark) = (variables(Theme::Light), variables(Theme::Dark));
    let mut out = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{title}</title>\n<style>\n:root{{color-scheme:light dark;{light}}}\n\
         @media (prefers-color-scheme:dark){{:root{{{dark}}}}}\n{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n"
    );
    if !introduction.is_empty() {
        let _ = writeln!(out, "<p>{}</p>", escape(introduction));
    }
    for section in sections {
        let _ = writeln!(
            out,
            "<section>\n<figure>\n{}",
            section.chart.inline_svg().trim_end()
        );
        if !section.words.is_empty() {
            let _ = writeln!(out, "<figcaption>{}</figcaption>", escape(&section.words));
        }
        let _ = writeln!(
            out,
            "</figure>\n{}</section>",
            numbers(&section.chart.table())
        );
    }
    out.push_str("</body>\n</html>\n");
    out
}

fn numbers(table: &Table) -> String {
    let mut out = "<div class=\"numbers\" tabindex=\"0\">\n<table>\n".to_owned();
    let head: String = table
        .head
        .iter()
        .map(|name| format!("<th scope=\"col\">{}</th>", escape(name)))
        .collect();
    let _ = writeln!(out, "<thead><tr>{head}</tr></thead>\n<tbody>");
    for row in table.rows.iter().take(ROWS) {
        let cells: String = row.iter().map(|text| cell(text)).collect();
        let _ = writeln!(out, "<tr>{cells}</tr>");
    }
    out.push_str("</tbody>\n</table>\n");
    if table.rows.len() > ROWS {
        let _ = writeln!(out, "<p>and {} more rows</p>", table.rows.len() - ROWS);
    }
    out + "</div>\n"
}

fn cell(text: &str) -> String {
    match readable(text) {
        Some(number) => format!("<td>{}</td>", escape(&number)),
        None => format!("<td class=\"words\">{}</td>", escape(text)),
    }
}
