//! Turns that only keep the conversation going.

/// Words a turn may consist of and still be a mere backchannel (附和): fillers,
/// assent and particles. Longer words stand before their parts.
const BACKCHANNEL_WORDS: &[&str] = &[
    "知道了",
    "明白了",
    "没问题",
    "可以的",
    "是这样",
    "好嘞",
    "好滴",
    "好的",
    "行的",
    "是的",
    "对的",
    "对头",
    "没错",
    "可以",
    "知道",
    "明白",
    "要得",
    "这样",
    "ok",
    "喂",
    "嗯",
    "恩",
    "唔",
    "啊",
    "哦",
    "喔",
    "噢",
    "欸",
    "诶",
    "哎",
    "唉",
    "呃",
    "额",
    "哈",
    "呵",
    "好",
    "行",
    "对",
    "是",
    "成",
    "中",
    "在",
    "有",
    "嘛",
    "呢",
    "呀",
    "吧",
    "哈",
    "了",
    "的",
    "嘞",
];

/// More characters than this are never a mere backchannel: 好好好行行行 still is.
const LONGEST_BACKCHANNEL: usize = 8;

/// Whether a turn is a mere backchannel (嗯, 对, 好的 …): nothing but assent,
/// fillers and punctuation, and short. Works on normalised or raw text; an
/// empty text is one too.
pub fn is_backchannel(text: &str) -> bool {
    let spoken: String = text.chars().filter(|c| c.is_alphanumeric()).collect();
    if spoken.chars().count() > LONGEST_BACKCHANNEL {
        return false;
    }
    let mut rest = spoken.as_str();
    while !rest.is_empty() {
        let Some(after) = BACKCHANNEL_WORDS
            .iter()
            .find_map(|word| rest.strip_prefix(word))
        else {
            return false;
        };
        rest = after;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::is_backchannel;

    #[test]
    fn assent_and_fillers_are_backchannels() {
        for text in [
            "嗯",
            "对，对对",
            "好的。",
            "哦……好嘞",
            "嗯嗯 知道了",
            "",
            "OK",
        ] {
            let text = text.to_lowercase();
            assert!(is_backchannel(&text), "{text}");
        }
    }

    #[test]
    fn anything_with_content_is_none() {
        for text in [
            "好什么好",
            "对不起",
            "行不行啊你们",
            "三二一",
            "谢谢啊",
            "好好好好好好好好好",
        ] {
            assert!(!is_backchannel(text), "{text}");
        }
    }
}
