//! What customers write when they give up, in their languages.

/// Where somebody gave up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failed {
    Browse,
    SignIn,
    Buy,
    Download,
}

impl Failed {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Browse => "browse",
            Self::SignIn => "sign_in",
            Self::Buy => "buy",
            Self::Download => "download",
        }
    }
}

/// Language, and what is written when a page, signing in, buying or downloading fails.
const WORDS: &[(&str, [&str; 4])] = &[
    (
        "en",
        [
            "The store does not open for me. Anyone else?",
            "I cannot sign in. Is it down?",
            "I cannot buy anything, it says try again later",
            "My download just spins and spins",
        ],
    ),
    (
        "de",
        [
            "Der Store lässt sich nicht öffnen. Noch jemand?",
            "Ich kann mich nicht anmelden. Störung?",
            "Kaufen geht nicht: „Bitte später versuchen“",
            "Mein Download hängt seit Minuten",
        ],
    ),
    (
        "fr",
        [
            "La boutique ne s’ouvre pas. C’est pareil pour vous ?",
            "Impossible de me connecter. Une panne ?",
            "Impossible d’acheter, on me dit de réessayer plus tard",
            "Mon téléchargement tourne sans fin",
        ],
    ),
    (
        "es",
        [
            "La tienda no abre. ¿A alguien más?",
            "No puedo iniciar sesión. ¿Está caído?",
            "No puedo comprar nada, dice que lo intente más tarde",
            "Mi descarga no avanza",
        ],
    ),
    (
        "it",
        [
            "Il negozio non si apre. Anche a voi?",
            "Non riesco ad accedere. È giù?",
            "Non riesco a comprare, dice di riprovare più tardi",
            "Il mio download gira all’infinito",
        ],
    ),
    (
        "pt",
        [
            "A loja não abre. Mais alguém?",
            "Não consigo entrar. Caiu?",
            "Não consigo comprar, diz para tentar mais tarde",
            "Meu download não sai do lugar",
        ],
    ),
    (
        "ja",
        [
            "ストアが開けません。みなさんは?",
            "サインインできません。障害ですか?",
            "購入できません。「後でもう一度」と出ます",
            "ダウンロードがずっと終わりません",
        ],
    ),
    (
        "zh",
        ["商店打不开,你们也一样吗?", "无法登录,是不是出故障了?", "无法购买,提示稍后再试", "下载一直在转圈"],
    ),
    (
        "hi",
        [
            "स्टोर नहीं खुल रहा। किसी और को भी?",
            "साइन इन नहीं हो रहा। बंद है क्या?",
            "कुछ भी ख़रीद नहीं पा रहा, बाद में कोशिश करने को कहता है",
            "डाउनलोड आगे नहीं बढ़ रहा",
        ],
    ),
    (
        "ar",
        [
            "المتجر لا يفتح. هل هذا عندكم أيضا؟",
            "لا أستطيع تسجيل الدخول. هل الخدمة متوقفة؟",
            "لا أستطيع الشراء، يقول حاول لاحقا",
            "التحميل لا يتقدم",
        ],
    ),
];

/// The languages in which customers write.
#[cfg(test)]
pub(super) const LANGUAGES: &[&str] = &["en", "de", "fr", "es", "it", "pt", "ja", "zh", "hi", "ar"];

/// A complaint in this language; English where there is none.
pub(super) fn complaint(lang: &str, failed: Failed) -> &'static str {
    let row = WORDS.iter().find(|row| row.0 == lang).or(WORDS.first());
    let Some((_, [browse, sign_in, buy, download])) = row else { return "" };
    match failed {
        Failed::Browse => browse,
        Failed::SignIn => sign_in,
        Failed::Buy => buy,
        Failed::Download => download,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_has_words_of_its_own_that_fit_into_a_post() {
        for lang in LANGUAGES {
            for failed in [Failed::Browse, Failed::SignIn, Failed::Buy, Failed::Download] {
                let words = complaint(lang, failed);
                assert!(!words.is_empty() && words.chars().count() <= 300);
                assert!(*lang == "en" || words != complaint("en", failed), "{lang}");
            }
        }
        assert_eq!(complaint("xx", Failed::Buy), complaint("en", Failed::Buy));
    }
}
