//! What digits alone tell: lengths, prefixes and checksums.

use super::Kind;

/// The kind of a digit string whose shape leaves little doubt.
pub(super) fn of(digits: &str) -> Option<Kind> {
    if is_mobile(digits) {
        Some(Kind::Mobile)
    } else if is_identity(digits) {
        Some(Kind::Identity)
    } else if is_card(digits) {
        Some(Kind::BankCard)
    } else if is_landline(digits) {
        Some(Kind::Landline)
    } else {
        None
    }
}

/// Mobile numbers, with the country's prefix or a trunk 0 too.
pub(super) fn is_mobile(digits: &str) -> bool {
    let bare = match digits.len() {
        11 => digits,
        12 => digits.strip_prefix('0').unwrap_or(""),
        13 => digits.strip_prefix("86").unwrap_or(""),
        15 => digits.strip_prefix("0086").unwrap_or(""),
        _ => "",
    };
    let mut characters = bare.bytes();
    characters.next() == Some(b'1')
        && characters
            .next()
            .is_some_and(|second| (b'3'..=b'9').contains(&second))
        && characters.all(|byte| byte.is_ascii_digit())
}

/// Eighteen characters with a date of birth. The checksum is not asked for: one
/// digit misheard must not show the other seventeen.
pub(super) fn is_identity(digits: &str) -> bool {
    digits.len() == 18
        && digits.bytes().take(17).all(|byte| byte.is_ascii_digit())
        && matches!(digits.as_bytes().first(), Some(b'1'..=b'8'))
        && (has_checksum(digits) || is_birth(&digits[6..14]))
}

/// The checksum of GB 11643-1999 (ISO 7064 MOD 11-2).
fn has_checksum(digits: &str) -> bool {
    let mut sum = 0_u32;
    for byte in digits.bytes().take(17) {
        sum = (sum + u32::from(byte - b'0')) * 2 % 11;
    }
    let last = (12 - sum) % 11;
    let written = match digits.as_bytes().last() {
        Some(b'X') => 10,
        Some(byte) => u32::from(byte.wrapping_sub(b'0')),
        None => return false,
    };
    last == written
}

fn is_birth(date: &str) -> bool {
    let number = |part: &str| part.parse::<u32>().unwrap_or(0);
    (1900..=2049).contains(&number(&date[..4]))
        && (1..=12).contains(&number(&date[4..6]))
        && (1..=31).contains(&number(&date[6..]))
}

/// Bank cards: 15 to 19 digits of a known issuer's range that pass Luhn's check.
pub(super) fn is_card(digits: &str) -> bool {
    (15..=19).contains(&digits.len())
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && digits.starts_with(['3', '4', '5', '6', '9'])
        && passes_luhn(digits)
}

fn passes_luhn(digits: &str) -> bool {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, byte)| {
            let value = u32::from(byte - b'0') * if place % 2 == 1 { 2 } else { 1 };
            value / 10 + value % 10
        })
        .sum();
    sum.is_multiple_of(10)
}

/// An area code with 7 or 8 digits.
pub(super) fn is_landline(digits: &str) -> bool {
    let digits = digits.strip_prefix("0086").map_or_else(
        || digits.to_owned(),
        |rest| format!("0{}", rest.trim_start_matches('0')),
    );
    let area = match digits.as_bytes() {
        [b'0', b'1', b'0', ..] | [b'0', b'2', b'0'..=b'9', ..] => 3,
        [b'0', b'3'..=b'9', b'1'..=b'9', b'0'..=b'9', ..] => 4,
        _ => return false,
    };
    let local = &digits[area..];
    let least = if area == 3 { 8 } else { 7 };
    (least..=8).contains(&local.len())
        && local.bytes().all(|byte| byte.is_ascii_digit())
        && !local.starts_with(['0', '1'])
}

/// Numbers of services, known to everybody: 10086, 12315, 95588, 110, 400-….
pub(super) fn is_public(digits: &str) -> bool {
    let service = |digits: &str| {
        ["10", "11", "12", "95", "96"]
            .iter()
            .any(|prefix| digits.starts_with(prefix))
    };
    match digits.len() {
        // With an area code: 0571-10086.
        8 | 9 if digits.starts_with('0') => service(&digits[digits.len() - 5..]),
        3 => digits.starts_with("11") || digits.starts_with("12") || digits == "315",
        5 | 6 => service(digits),
        10 => digits.starts_with("400") || digits.starts_with("800"),
        11.. => digits.starts_with("106") && digits.len() <= 20,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_told_apart() {
        assert_eq!(of("13800001234"), Some(Kind::Mobile));
        assert_eq!(of("8613800001234"), Some(Kind::Mobile));
        assert_eq!(of("057187654321"), Some(Kind::Landline));
        assert_eq!(of("02187654321"), Some(Kind::Landline));
        assert_eq!(of("11010119900307663X"), Some(Kind::Identity));
        assert_eq!(of("6222020000000000001"), None, "fails Luhn's check");
        assert_eq!(of("4111111111111111"), Some(Kind::BankCard));
        assert_eq!(of("12345678901"), None);
    }

    #[test]
    fn the_checksum_is_that_of_the_standard() {
        assert!(has_checksum("11010519491231002X"));
        assert!(!has_checksum("110105194912310021"));
    }
}
