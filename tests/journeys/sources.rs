//! The project's own files, as tests read them.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

/// The folder of the workspace.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// A file of the workspace.
pub(crate) fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every Rust file below a folder, without build output.
pub(crate) fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        if path.is_dir() && name != "target" && !name.to_string_lossy().starts_with('.') {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
    files
}

/// A use of a macro.
pub(crate) struct Use {
    /// What stands before the macro's name, on its line.
    pub(crate) prefix: String,
    /// The first argument: a text, or the text of the constant that it names.
    pub(crate) argument: String,
}

/// The first arguments of all uses of these macros in code that ships. It must be a literal or a
/// constant: a name that is made at run time cannot be found by anybody who looks for it.
pub(crate) fn macro_arguments(macros: &[&str]) -> Vec<Use> {
    let ships = |file: &PathBuf| file.components().any(|part| part.as_os_str() == "src") && !file.ends_with("tests.rs");
    let files: Vec<_> =
        rust_files(&root()).into_iter().filter(ships).filter(|it| !it.starts_with(root().join("tests"))).collect();
    let texts: Vec<String> = files.iter().map(|file| std::fs::read_to_string(file).unwrap()).collect();
    let constants: HashMap<String, String> = texts.iter().flat_map(|text| constants(text)).collect();
    let mut uses = Vec::new();
    for (file, text) in files.iter().zip(&texts) {
        for name in macros {
            for (at, _) in text.match_indices(name) {
                let prefix = text[..at].rsplit('\n').next().unwrap_or_default().to_owned();
                if prefix.trim_start().starts_with("//") {
                    continue;
                }
                let rest = text[at + name.len()..].trim_start();
                let argument = rest.split([',', ')']).next().unwrap().trim();
                let argument = match argument.strip_prefix('"') {
                    Some(literal) => literal.trim_end_matches('"').to_owned(),
                    None => constants
                        .get(argument)
                        .unwrap_or_else(|| panic!("{}: {argument} is no literal and no constant", file.display()))
                        .clone(),
                };
                uses.push(Use { prefix, argument });
            }
        }
    }
    uses
}

/// `const NAME: &str = "text";`
fn constants(text: &str) -> impl Iterator<Item = (String, String)> {
    text.lines().filter_map(|line| {
        let (name, value) = line.trim_start_matches("pub ").strip_prefix("const ")?.split_once(": &str = \"")?;
        Some((name.to_owned(), value.trim_end_matches("\";").to_owned()))
    })
}
