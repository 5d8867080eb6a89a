//! E-mail addresses, written and spoken: `a@b.com`, a艾特b点com.

use std::sync::LazyLock;

use regex::Regex;

use super::Kind;
use super::line::Line;

static ADDRESS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let digit = "零〇一二三四五六七八九幺";
    let dot = "(?:\\.|点儿?)";
    let joint = format!("(?:[._+\\- ]|下划线|下杠|点|杠|横杠|中划线|减号|{dot})");
    let local = format!("[a-z0-9{digit}]+(?:{joint}{{1,3}}[a-z0-9{digit}]+){{0,24}}");
    let at = "(?: ?(?:@|艾特|爱特|艾的|圈a|a圈|小老鼠|at) ?)";
    let label = format!("[a-z0-9{digit}][a-z0-9{digit}\\-]{{0,30}}|企鹅|网易|新浪|搜狐");
    let domain = format!(
        "(?:(?:{label}) ?{dot} ?){{1,4}}(?:com|cn|net|org|edu|cc|co|io|me|vip|康姆|抗姆|扣姆)(?: ?{dot} ?cn)?"
    );
    Regex::new(&format!("{local} ?{at}{domain}")).ok()
});

/// Takes the e-mail addresses of a line.
pub(super) fn take(line: &mut Line) {
    let Some(pattern) = ADDRESS.as_ref() else {
        return;
    };
    let text = line.text();
    if !["@", "艾", "爱特", "at", "圈", "老鼠"]
        .iter()
        .any(|at| text.contains(at))
    {
        return;
    }
    let found: Vec<_> = pattern.find_iter(text).map(|found| found.range()).collect();
    for range in found {
        line.take(range, Kind::Email);
    }
}
