//! Values of parameters.

/// Reads `true`, `1`, `yes`, `on` and their opposites.
pub(super) fn boolean(key: &str, value: &str) -> Result<bool, String> {
    match value.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Ok(true),
        "false" | "0" | "no" | "off" => Ok(false),
        _ => Err(format!("`{key}` is neither true nor false")),
    }
}

/// Reads a number.
pub(super) fn number(key: &str, value: &str) -> Result<u64, String> {
    value.parse().map_err(|_| format!("`{key}` is not a number"))
}
