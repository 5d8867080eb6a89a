//! The statistics of ranking and of change.

/// Dunning's log-likelihood ratio G² of `count` uses in `size` turns against
/// `other` uses in `other_size` turns (Dunning 1993, Computational Linguistics
/// 19:1), negative where the term is rarer in the first sample. Counts may be
/// fractional; 0 where a sample is empty.
pub(super) fn log_likelihood(count: f64, size: f64, other: f64, other_size: f64) -> f64 {
    if size <= 0.0 || other_size <= 0.0 || count + other <= 0.0 {
        return 0.0;
    }
    let rate = (count + other) / (size + other_size);
    let part = |observed: f64, expected: f64| {
        if observed > 0.0 {
            observed * (observed / expected).ln()
        } else {
            0.0
        }
    };
    let used = part(count, size * rate) + part(other, other_size * rate);
    let unused = part(size - count, size * (1.0 - rate))
        + part(other_size - other, other_size * (1.0 - rate));
    let ratio = (2.0 * (used + unused)).max(0.0);
    if count / size >= other / other_size {
        ratio
    } else {
        -ratio
    }
}

/// Probability that a χ² variable of one degree of freedom exceeds `g`.
pub(super) fn chi_square_tail(g: f64) -> f64 {
    complementary_error((g.max(0.0) / 2.0).sqrt()).clamp(0.0, 1.0)
}

/// erfc(x) for x ≥ 0, relative error below 1.2e-7 (Numerical Recipes, §6.2).
fn complementary_error(x: f64) -> f64 {
    const COEFFICIENTS: [f64; 10] = [
        -1.265_512_23,
        1.000_023_68,
        0.374_091_96,
        0.096_784_18,
        -0.186_288_06,
        0.278_868_07,
        -1.135_203_98,
        1.488_515_87,
        -0.822_152_23,
        0.170_872_77,
    ];
    let t = 1.0 / (1.0 + 0.5 * x);
    let polynomial = COEFFICIENTS
        .iter()
        .rev()
        .fold(0.0, |sum, coefficient| sum * t + coefficient);
    t * (-x * x + polynomial).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-3
    }

    #[test]
    fn log_likelihood_agrees_with_a_table_worked_by_hand() {
        // 10 of 100 against 10 of 1000.
        assert!(
            near(log_likelihood(10.0, 100.0, 10.0, 1000.0), 22.908),
            "{}",
            log_likelihood(10.0, 100.0, 10.0, 1000.0)
        );
        assert!(near(log_likelihood(10.0, 1000.0, 10.0, 100.0), -22.908));
        assert!(near(log_likelihood(5.0, 100.0, 50.0, 1000.0), 0.0));
    }

    #[test]
    fn tail_agrees_with_tables() {
        assert!(near(chi_square_tail(3.841), 0.05));
        assert!(near(chi_square_tail(6.635), 0.01));
        assert!(near(chi_square_tail(0.0), 1.0));
    }
}
