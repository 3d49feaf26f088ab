//! `ws-host completions` and `ws-host man`: the command line as clap knows it, for shells and for `man`.

use std::io::Write;

use clap::CommandFactory;
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
    for subcommand in command.get_subcommands().filter(|subcommand| subcommand.get_name() != "help") {
        let section = clap_mangen::Man::new(subcommand.clone().display_name(subcommand.get_name().to_owned()));
        let mut text = Vec::new();
        section.render_synopsis_section(&mut text)?;
        section.render_description_section(&mut text)?;
        section.render_options_section(&mut text)?;
        let name = subcommand.get_name().to_uppercase();
        // Sections of a command's own page become subsections here.
        let text = String::from_utf8_lossy(&text).replace("\n.SH ", "\n.SS ");
        let text = text.strip_prefix(".SH ").map_or(text.clone(), |rest| format!(".SS {rest}"));
        write!(page, ".SH {name}\n{text}")?;
    }
    print(&page)
}
