//! Names spelled out by the parts of their characters, or by a word that has
//! the character: 弓长张, 草头黄, 建设的建.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

static PARTS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let known = "弓长张|耳东陈|立早章|木子李|十八子李|双木林|古月胡|口天吴|言午许|走肖赵|文刀刘|卯金刀刘|草头黄|三横一竖王|三横王|\
        双口吕|大口吕|双人徐|人可何|禾木程|耳程程|四维罗|木易杨|草字头蒋|草将蒋|言身寸谢|田力男|水工江|刀口邵|耳召邵|召耳邵|\
        君羊群|立里童|八刀分|火火炎|雨田雷|西早覃|草化花|美女姜|女良娘|人王全|谷欠欲|石皮破|金帛锦|衣者褚|山今岑|示右祐|干钩于|干勾于|\
        十口叶|口十叶|草办苏|草孟范|三点水江|三点水汪|二马冯|两点水冯|木土杜|木公松|宝盖宋|宝盖头宋|甘匡邯|木交校|京尤就|西贝贾|人韦伟|单人旁何|双人旁徐|日立音|日月明|女子好|贝才财|土成城|木每梅|先走赞";
    let side = "(?:三点水|两点水|双人旁|单人旁|王字旁|木字旁|草字头|火字旁|女字旁|提手旁|金字旁|言字旁|日字旁|月字旁|石字旁|竹字头|宝盖头|走之底|绞丝旁)(?:加个?|一个|右边|下面|下边|的)?(?:一个)?\\p{Han}(?:字|的\\p{Han})?";
    Regex::new(&format!(
        "(?:{known})(?:字|的(?:[张陈章李林胡吴许赵刘黄王吕徐何程罗杨蒋谢]))?|{side}"
    ))
    .ok()
});

static BY_WORD: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new("\\p{Han}{2,4}?的\\p{Han}|单名一?个?\\p{Han}|\\p{Han}字$").ok());

/// Characters told by their parts.
pub(super) fn by_parts(text: &str) -> Vec<Range<usize>> {
    let Some(pattern) = PARTS.as_ref() else {
        return Vec::new();
    };
    pattern.find_iter(text).map(|found| found.range()).collect()
}

/// Characters told by a word, where a name is being told: 建设的建.
pub(super) fn by_word(text: &str) -> Vec<Range<usize>> {
    let Some(pattern) = BY_WORD.as_ref() else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(next) = pattern.find_at(text, at) {
        let words = next.as_str();
        if let Some(start) = words
            .strip_prefix("单名")
            .map(|rest| rest.trim_start_matches(['一', '个']))
        {
            found.push(next.end() - start.len()..next.end());
            at = next.end();
            continue;
        }
        let goes_on = text[next.end()..]
            .chars()
            .next()
            .is_some_and(|c| ('\u{4e00}'..='\u{9fff}').contains(&c) && c != '字');
        let Some((word, character)) = words.split_once('的').filter(|_| !goes_on) else {
            at = next.start() + words.chars().next().map_or(1, char::len_utf8);
            continue;
        };
        // The word has the character: begins or ends with it.
        let place = word.find(character);
        match place.filter(|place| word[*place..].chars().count() <= 2) {
            Some(place) => {
                let ends = place + character.len() == word.len();
                let start = if ends {
                    word[..place]
                        .char_indices()
                        .next_back()
                        .map_or(0, |(at, _)| at)
                } else {
                    place
                };
                found.push(next.start() + start..next.end());
                at = next.end();
            }
            // A shorter word may begin one character later.
            None => at = next.start() + words.chars().next().map_or(1, char::len_utf8),
        }
    }
    found
}
