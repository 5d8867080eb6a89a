/// Characters of numbers as people say and write them.
pub(in crate::terms) fn is_numeral(character: char) -> bool {
    character.is_ascii_digit()
        || matches!(
            character,
            '零' | '〇'
                | '一'
                | '二'
                | '两'
                | '三'
                | '四'
                | '五'
                | '六'
                | '七'
                | '八'
                | '九'
                | '十'
                | '百'
                | '千'
                | '万'
                | '亿'
                | '几'
                | '半'
                | '俩'
                | '幺'
                | '数'
        )
}
