//! Surnames, and words that begin like a name and are none.

use std::collections::HashSet;
use std::sync::LazyLock;

/// The common surnames of one character.
const SINGLE: &str = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖萧田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金韦贾夏付傅方邹熊白孟秦邱侯江尹薛闫阎段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常汤康易乔赖文施洪辛牛葛岳翁季温芦关柯庄伍欧耿聂祝焦骆左柴单古艾蓝路翟喻齐项盛柳管桂娄解封褚倪涂车祁邢党裴甘苗岑樊路殷牟卓冉边卞应尤宁甄冷池申游仇屈鲍阮霍凌包穆计成谷宗舒麦邬连鲁明时鞠匡简闵司申窦查景苑芮桑蒙房童燕昌初班冀尚丛隋栾敖佟臧兰巫佘晏卫晋滕谌章";

/// Surnames of two characters.
const DOUBLE: [&str; 20] = [
    "欧阳", "上官", "诸葛", "司马", "司徒", "东方", "独孤", "南宫", "夏侯", "尉迟", "皇甫", "慕容",
    "令狐", "长孙", "宇文", "轩辕", "端木", "公孙", "呼延", "申屠",
];

/// Words of two characters or more that begin with a surname's character.
const WORDS: &str = "安装 安排 安全 车来 车费 车上 车子 高级 高峰 高兴 高端 高速 高手 金额 金卡 金融 马上 马路 方便 方面 方案 方式 \
    明天 明白 明明 明年 明细 白天 白条 白白 白金 时候 时间 时长 时常 万一 万元 万块 全部 平台 平时 平常 常用 常常 常见 常年 \
    成都 成功 成年 成人 成为 江苏 江西 江南 石家 石油 温州 任何 任务 路上 路过 路由 连续 连接 连网 连上 严重 严格 单独 单位 单子 单号 单纯 \
    包月 包年 包括 包裹 包邮 关于 关机 关闭 关系 应该 应急 应用 文件 文字 文明 何时 何必 余额 余下 周末 周一 周二 周三 周四 周五 周六 周日 周围 周边 \
    项目 武汉 广东 黄金 黄牛 黄色 钱都 钱没 钱包 钱是 钱也 白色 黑色 程序 程度 常规 管理 管家 管道 解决 解释 解绑 解除 解约 解冻 \
    申请 申诉 申报 初始 初次 初中 尚未 封顶 封号 封闭 封锁 查询 查看 查到 查下 查一 查了 查过 计费 计划 计算 计较 房子 房间 房东 房租 简单 简直 简易 \
    左右 左边 古代 宁愿 宁波 连云 池州 冷静 冷冻 游戏 游客 鲁班 宗旨 舒服 明显 司机 司法 景区 童装 燕郊 昌平 班级 班长 兰州 卫生 卫星 章程 \
    董事 龙岩 龙华 毛病 毛利 武装 牛奶 牛肉 温度 洪水 关注 贵州 蓝牙 蓝色 路线 路灯 乔迁 易购 向你 向我 向您 向他 康复 盛大 柳州 桂林 边上 边框 甘肃 \
    史上 贺卡 顾客 顾问 莫名 莫非 孔子 文员 文化 文本 汤臣 施工 施行 高校 高铁 高考 高中 高档 高清 高价 高薪 林业 林芝 何况 宋代 \
    唐山 曾经 田地 蔡司 余杭 于是 于这 于那 叶子 苏州 苏宁 丁字 任意 任一 沈阳 钟头 陆续 陆军 范围 汪汪 金钱 金牌 夏天 夏季 方言 方向 孟加 秦皇 江湖 \
    段时 雷达 龙卡 万能 万达 钱款 严肃 文案 季度 季节 关心 关掉 关停 管用 成交 成本 成绩 成立 成品 解锁 车辆 车险 车位 车主 党员 党委 应当 应付 宁夏 甘心 \
    游泳 包装 包含 计入 计时 明确 时刻 时段 时不 连锁 连带 简称 司马 申通 查找 查证 查明 景点 房屋 房产 房贷 初步 班车 班次 冀东 尚可 石材 古城 白天 \
    祝您 祝你 欧洲 欧元 边缘 艾特 伍佰 左侧 单元 单身 单车 柴油 焦急 关联 关口 关门 关键 温馨 季末 汤水 康师 文章 文艺 施压 洪湖 辛苦 牛逼 葛优 \
    陈旧 张口 张嘴 黄了 黄页 周年 周期 周到 马虎 马桶 胡说 胡乱 胡扯 胡来 郭德 何来 高于 高达 高低 罗列 郑州 郑重 梁山 谢谢 谢了 谢过 许多 许久 许可 韩国 曹操 彭州 曾有 肖像 田间 \
    潘多 姚明 姜黄 谭木 石头 石化 金币 金华 金山 夏令 方位 邱县 尹始 薛之 段子 段落 雷电 龙头 龙年 黎明 史料 陶瓷 毛衣 毛巾 邵阳 万分 万岁 武器 武术 钱财 莫过 孔雀 \
    贾平 丁点 吴江 徐州 徐徐 孙子 孙女 朱红 李宁 王者 王牌 王炸 杨梅 赵云 刘海 林子 苏打 杜绝 杜蕾 吕梁 卢布 崔健 汪峰 廖廖 常态 余生 余款";

/// Surnames that are everyday words as well: alone or with one more character
/// they need more to be a name.
const EVERYDAY: &str = "万方高马安白常时成明应计单左包管解查车金石文边路关何任连项余于程向封初班景古宁江温游申平牛毛钱严简翟盛温卫章季洪易房司党冷池宗舒龙黄连谷";

static KNOWN_WORDS: LazyLock<HashSet<&str>> = LazyLock::new(|| WORDS.split_whitespace().collect());

/// The surname at the start of a text, in bytes.
pub(super) fn at_start(text: &str) -> Option<usize> {
    if let Some(double) = DOUBLE.iter().find(|double| text.starts_with(**double)) {
        return Some(double.len());
    }
    let first = text.chars().next()?;
    SINGLE.contains(first).then(|| first.len_utf8())
}

/// Whether a character is a surname.
pub(super) fn is_surname(character: char) -> bool {
    SINGLE.contains(character)
}

/// Whether a text begins with a word that is no name.
pub(super) fn is_word(text: &str) -> bool {
    let end = text.char_indices().nth(2).map_or(text.len(), |(at, _)| at);
    KNOWN_WORDS.contains(&text[..end])
}

/// Whether a surname is an everyday word as well.
pub(super) fn is_everyday(text: &str) -> bool {
    text.starts_with(|first| EVERYDAY.contains(first))
}

/// Whether a surname is a verb or the like far more often: 查, 解, 时.
pub(super) fn is_seldom(text: &str) -> bool {
    text.starts_with(['查', '解', '管', '计', '应', '时', '单', '成', '明', '于'])
}
