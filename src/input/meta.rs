//! What a record carries beside the words, under callheat's names.

use serde_json::{Map, Value};

use crate::call::Meta;

use super::names::{among, fold};
use super::times::date_time;

/// callheat's name, and the names under which inputs carry the same thing
/// (compared without letter case, `_`, `-` and spaces).
const NAMES: [(&str, &str); 9] = [
    (
        "agent_id",
        "agentid agent staffid customerserviceid operatorid servicerid 工号 坐席工号 座席工号 \
        客服工号 坐席id 座席id 客服id 员工号 坐席 座席",
    ),
    (
        "agent_name",
        "agentname customerservicename servicername 坐席姓名 座席姓名 客服姓名",
    ),
    (
        "queue",
        "queue queuename queueid skillgroup skillgroupname skillgroupid skill 技能组 技能組 \
        队列 隊列 技能队列",
    ),
    (
        "started_at",
        "startedat callstarttime callstart calltime calldate initiationtimestamp starttime \
        begintime 通话开始时间 通话时间 呼叫时间 来电时间 开始时间 接通时间 通话日期",
    ),
    (
        "ended_at",
        "endedat callendtime disconnecttimestamp 通话结束时间 挂断时间",
    ),
    (
        "audio_uri",
        "audiouri audiourl audio audiofile audiopath recordingurl recordinguri recordurl \
        voiceurl recording fileurl filelink mediafileuri mediauri inputs3uri oggurl 录音 \
        录音地址 录音文件 录音链接 录音url 语音地址",
    ),
    (
        "customer_id",
        "customerid custid clientid memberid 客户号 客户id 客户编号 用户id 会员号 会员id",
    ),
    ("industry", "industry 行业"),
    ("channel_type", "channeltype 渠道"),
];

/// Names of a call's identifier, the surest first: of calls, then of what the
/// user called the recording.
const IDS: [&str; 2] = [
    "callid contactid conversationid sessionid dialogueid dialogid callsid ucid recordid \
        通话id 通话编号 会话id 会话编号 对话id 录音id 录音编号 流水号 通话流水号",
    "key wavname jobname",
];

/// Identifiers that a recogniser gives to its work. They stay metadata, and name
/// a call only where the file's name cannot, in a file of several calls.
const TASKS: &str = "taskid jobid orderid tid";

/// Fields of recognisers' answers that say nothing of the call.
const NOISE: &str = "task taskstatus submittime scheduledtime endtime requestid status statusstr statuscode statustext statusmessage code message msg \
    descinfo errormsg errmsg error errno ok failed success version schema text result \
    transcript content jobstatus accountid bizduration duration solvetime requesttime \
    recaudioduration taskname id uuid resultdetail data mode isfinal timestamp punc \
    modelid format audiotime audioduration instanceid httpstatuscode taskcosttime \
    orderresult";

/// Objects in which a record keeps what callers added; all of it passes through.
const FREE: &str = "meta metadata attributes extra";

/// Longest text that counts as metadata, in bytes.
const LONGEST: usize = 2_000;

/// callheat's name for a field, if its meaning is known.
pub fn canonical(name: &str) -> Option<&'static str> {
    let name = fold(name);
    NAMES
        .iter()
        .find(|(_, names)| among(names, &name))
        .map(|(ours, _)| *ours)
}

/// How surely a field is the call's identifier: 0 is surest.
pub fn id_rank(name: &str) -> Option<usize> {
    let name = fold(name);
    IDS.iter().position(|names| among(names, &name))
}

/// The recogniser's identifier among the metadata.
pub fn task_id(meta: &Meta) -> Option<String> {
    TASKS.split_whitespace().find_map(|task| {
        meta.iter()
            .find(|(name, _)| fold(name) == task)
            .and_then(|(_, value)| id_text(value))
    })
}

/// Takes a field whose meaning is known as identifier or metadata.
pub fn put(id: &mut Option<String>, meta: &mut Meta, name: &str, value: &Value) -> bool {
    if id_rank(name).is_some() {
        if id.is_none() {
            *id = id_text(value);
        }
        return true;
    }
    let Some(ours) = canonical(name) else {
        return false;
    };
    if is_datum(ours, value) {
        meta.entry(ours).or_insert_with(|| value.clone());
    }
    true
}

/// Whether the value can be what the name says.
fn is_datum(name: &str, value: &Value) -> bool {
    match value {
        Value::String(text) if text.trim().is_empty() || text.len() > LONGEST => false,
        Value::String(text) if name == "started_at" => {
            date_time(text).is_some()
                || text.trim().parse::<f64>().is_ok_and(|n| n > 1e8)
                || text.contains('年')
        }
        Value::Number(number) if name == "started_at" => number.as_f64().is_some_and(|n| n > 1e8),
        Value::String(_) | Value::Number(_) | Value::Bool(_) => true,
        Value::Null | Value::Array(_) | Value::Object(_) => false,
    }
}

fn id_text(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    (!text.is_empty() && text.len() <= 512).then_some(text)
}

/// Identifier and metadata of a record: of the object itself and of those
/// around it, the innermost first.
pub fn collect(objects: &[&Value], own_names: bool, not_meta: &[&str]) -> (Option<String>, Meta) {
    let mut meta = Meta::new();
    let mut best: Option<(usize, String)> = None;
    for (around, object) in objects
        .iter()
        .filter_map(|value| value.as_object())
        .enumerate()
    {
        let rules = Rules {
            own_names: own_names && around == 0,
            not_meta,
        };
        gather(object, 0, &rules, &mut meta, &mut best);
    }
    (best.map(|(_, id)| id), meta)
}

struct Rules<'a> {
    /// Whether a bare `id` names the call, as it does in native JSON.
    own_names: bool,
    not_meta: &'a [&'a str],
}

fn gather(
    object: &Map<String, Value>,
    depth: usize,
    rules: &Rules<'_>,
    meta: &mut Meta,
    best: &mut Option<(usize, String)>,
) {
    for (name, value) in object {
        let folded = fold(name);
        if rules.not_meta.contains(&folded.as_str()) {
            continue;
        }
        let bare_id = (rules.own_names && depth == 0 && matches!(folded.as_str(), "id" | "uuid"))
            .then_some(IDS.len());
        if let (Some(rank), Some(id)) = (id_rank(name).or(bare_id), id_text(value)) {
            if best.as_ref().is_none_or(|(known, _)| rank < *known) {
                *best = Some((rank, id));
            }
            continue;
        }
        match value {
            Value::Object(inner) if among(FREE, &folded) => pass(inner, meta),
            Value::Object(inner) if depth < 2 => gather(inner, depth + 1, rules, meta, best),
            _ => take(name, &folded, value, depth, rules, meta),
        }
    }
}

/// Everything of a free object, under callheat's names where they are known.
fn pass(inner: &Map<String, Value>, meta: &mut Meta) {
    for (name, value) in inner.iter().filter(|(_, value)| !value.is_null()) {
        let ours = canonical(name).filter(|ours| is_datum(ours, value));
        meta.entry(ours.unwrap_or(name))
            .or_insert_with(|| value.clone());
    }
}

fn take(name: &str, folded: &str, value: &Value, depth: usize, rules: &Rules<'_>, meta: &mut Meta) {
    if let Some(ours) = canonical(name).filter(|ours| is_datum(ours, value)) {
        meta.entry(ours).or_insert_with(|| value.clone());
        return;
    }
    let scalar = match value {
        Value::String(text) => {
            !text.is_empty() && text.len() <= if rules.own_names { LONGEST } else { 200 }
        }
        Value::Number(_) | Value::Bool(_) => true,
        _ => false,
    };
    if depth == 0 && scalar && (rules.own_names || !among(NOISE, folded)) {
        meta.entry(name).or_insert_with(|| value.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn known_names_are_ours_and_others_stay() {
        let inner = json!({"FileLink": "https://a/1.wav", "TaskId": "t", "BizDuration": 9});
        let outer = json!({"call_id": "c", "AgentId": 8021, "city": "杭州", "Media": {"MediaFileUri": "s3://x"}});
        let (id, meta) = collect(&[&inner, &outer], false, &[]);
        assert_eq!(id.as_deref(), Some("c"));
        assert_eq!(
            Value::Object(meta),
            json!({"audio_uri": "https://a/1.wav", "TaskId": "t", "agent_id": 8021, "city": "杭州"})
        );
    }

    #[test]
    fn a_free_object_passes_whole() {
        let call = json!({"id": 7, "meta": {"技能组": "售后", "tags": ["a"], "vip": null}, "started_at": "2024-05-01 10:00:00"});
        let (id, meta) = collect(&[&call], true, &[]);
        assert_eq!(id.as_deref(), Some("7"));
        assert_eq!(
            Value::Object(meta),
            json!({"queue": "售后", "tags": ["a"], "started_at": "2024-05-01 10:00:00"})
        );
    }

    #[test]
    fn an_offset_is_no_start_of_the_call() {
        let (_, meta) = collect(&[&json!({"start_time": 3})], false, &[]);
        assert_eq!(Value::Object(meta), json!({"start_time": 3}));
    }
}
