//! `ws-host completions` and `ws-host man`: the command line as clap knows it, for shells and for `man`.

use clap::{Command, CommandFactory};
use clap_complete::Shell;

use crate::arguments::Arguments;
use crate::output::print;

/// Writes a shell's completion script to stdout.
///
/// # Errors
/// Stdout cannot be written. A closed pipe is no error.
pub fn completions(shell: Shell) -> anyhow::Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "ws-host", &mut script);
    print(&script)
}

/// Writes the manual page to stdout: an overview, then a section for each command with its flags.
///
/// # Errors
/// As for [`completions`].
pub fn man() -> anyhow::Result<()> {
    let mut command = Arguments::command();
    command.build();
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone()).render(&mut page)?;
    let mut page = overview(&String::from_utf8_lossy(&page), &command);
    add_sections(&command, "", &mut page)?;
    print(page.as_bytes())
}

/// The overview, whose generator takes each command to have a page of its own, and the examples for running text.
fn overview(page: &str, command: &Command) -> String {
    let mut page =
        page.replace("\n.SH EXTRA\nExamples:\n", "\n.SH EXAMPLES\n.nf\n").replace("\n.SH VERSION\n", "\n.fi\n.SH VERSION\n");
    for subcommand in command.get_subcommands() {
        let name = subcommand.get_name().replace('-', "\\-");
        page = page.replace(&format!("\nws\\-host\\-{name}(1)\n"), &format!("\nws\\-host {name}\n"));
    }
    page
}

/// Adds a section for each command below another one, whose words `above` ends with a space.
fn add_sections(command: &Command, above: &str, page: &mut String) -> anyhow::Result<()> {
    for subcommand in command.get_subcommands().filter(|subcommand| subcommand.get_name() != "help") {
        let name = format!("{above}{}", subcommand.get_name());
        let section = clap_mangen::Man::new(subcommand.clone().display_name(name.clone()));
        let mut text = Vec::new();
        section.render_synopsis_section(&mut text)?;
        section.render_description_section(&mut text)?;
        section.render_options_section(&mut text)?;
        // Sections of a command's own page become subsections here.
        let text = String::from_utf8_lossy(&text).replace("\n.SH ", "\n.SS ");
        let text = text.strip_prefix(".SH ").map_or(text.clone(), |rest| format!(".SS {rest}"));
        page.push_str(&format!(".SH \"{}\"\n{text}", name.to_uppercase()));
        add_sections(subcommand, &format!("{name} "), page)?;
    }
    Ok(())
}
