//! Draws one chart of each kind into a folder: `cargo run -p stormglass-viz --example gallery -- FOLDER`.

mod charts;

use std::{env, fs, io, path::PathBuf};

use viz::Theme;

fn main() -> io::Result<()> {
    let folder = PathBuf::from(env::args().nth(1).unwrap_or_else(|| "gallery".to_owned()));
    fs::create_dir_all(&folder)?;
    for (name, chart) in charts::all() {
        fs::write(folder.join(format!("{name}.svg")), chart.svg(Theme::Light))?;
        fs::write(
            folder.join(format!("{name}.png")),
            chart.png(Theme::Light, 2),
        )?;
        fs::write(
            folder.join(format!("{name}-dark.png")),
            chart.png(Theme::Dark, 2),
        )?;
    }
    Ok(())
}
