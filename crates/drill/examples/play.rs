//! Plays entries of the catalogue against the packs of this repository, and shows what did not end as it should.
//!
//! `cargo run -p chargewarden-drill --example play -- C07 C16`

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use chargewarden_drill::attack::{Intensity, Leak, Stage, Tally, entries, lists};
use chargewarden_drill::{Drill, Entry};
use chargewarden_ocpp::Version;
use chargewarden_policy::{Bundle, BundleSource, PartyId};

fn main() -> Result<(), String> {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let packs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packs");
    let named = |names: &[&str], party: &str| {
        let place = names.iter().map(|name| packs.join(name)).find(|place| place.is_dir());
        place.map(|place| bundle(&place, party))
    };
    let bundles = [named(&["cso-baseline", "baseline"], "cso"), named(&["cnp-baseline"], "cnp")];
    let bundles: Vec<Arc<Bundle>> = bundles.into_iter().flatten().collect::<Result<_, _>>()?;
    let begun = Instant::now();
    let drill = Drill::new(bundles, &Version::ALL, &Intensity::ALL);
    let charging: usize = drill.fleet().stations().iter().map(|station| station.charges().len()).sum();
    println!(
        "fleet: {} stations, {charging} sessions, {:?}",
        drill.fleet().stations().len(),
        begun.elapsed()
    );
    for entry in
        entries::all().iter().filter(|entry| wanted.is_empty() || wanted.iter().any(|id| id == entry.id))
    {
        play(&drill, entry);
    }
    Ok(())
}

fn play(drill: &Drill, entry: &Entry) {
    println!("{} {} ({})", entry.id, entry.name, entry.kind.name());
    let mut begun = Instant::now();
    drill.play(entry, &mut |stage| {
        match stage {
            Stage::Attack(row) => {
                let verdict = if row.held() { "held" } else { "LEAKED" };
                line(verdict, &format!("{} ({})", row.attack, row.intensity.name()), &row.tally);
                if !row.held() {
                    row.tally.leaks.iter().for_each(leak);
                }
            }
            Stage::Twin(row) => {
                line(if row.passed() { "passed" } else { "HINDERED" }, row.twin, &row.tally);
                row.tally.leaks.iter().for_each(leak);
            }
        }
        println!("      {:?}", begun.elapsed());
        begun = Instant::now();
    });
}

fn line(verdict: &str, name: &str, tally: &Tally) {
    let total = tally.total();
    println!(
        "  {verdict:<9} {name}: tried {}, reached {} ({} before the first block), {} stations, {:?} {:?}",
        total.tried,
        total.reached,
        total.before_block,
        tally.affected.len(),
        tally.stopped_by,
        tally.doubts
    );
}

fn leak(leak: &Leak) {
    println!(
        "      {} {} {} {} by {:?} doubts {:?}",
        leak.station, leak.version, leak.action, leak.payload, leak.stoppers, leak.doubts
    );
}

fn bundle(place: &Path, party: &str) -> Result<Arc<Bundle>, String> {
    let mut files = BTreeMap::new();
    let entries = std::fs::read_dir(place).map_err(|error| format!("{}: {error}", place.display()))?;
    for entry in entries.flatten().filter(|entry| entry.path().is_file()) {
        let text = std::fs::read_to_string(entry.path()).map_err(|error| error.to_string())?;
        let _ = files.insert(entry.file_name().to_string_lossy().into_owned(), text);
    }
    lists::fill(&mut files);
    let party: PartyId = party.parse().map_err(|error| format!("{error}"))?;
    Bundle::compile(&BundleSource { party, files }).map(Arc::new).map_err(|problems| problems.to_string())
}
