//! Effects, Cedar bundles and the combination of several parties' verdicts.
