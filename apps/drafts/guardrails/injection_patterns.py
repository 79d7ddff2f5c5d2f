"""RULE: how texts try to instruct whoever drafts the reply, in several languages."""

from __future__ import annotations

import re
from typing import NamedTuple


class Pattern(NamedTuple):
    """kind: what is tried. cues: words (as \\w+ finds them, in lower case) without which it need not be looked for."""

    kind: str
    rule: re.Pattern[str]
    cues: frozenset[str]
    veto: re.Pattern[str] | None = None
    also: frozenset[str] = frozenset()  # and one of these, when there are any


def _p(kind: str, rule: str, cues: str, veto: str = "") -> Pattern:
    return Pattern(
        kind,
        re.compile(rule, re.I),
        frozenset(cues.split()),
        re.compile(veto, re.I) if veto else None,
        _ALSO.get(kind, frozenset()),
    )


_ALSO = {
    kind: frozenset(words.split())
    for kind, words in {
        "override": "instructions instruction prompts prompt rules rule guidelines guideline directions direction "
        "directives directive commands command restrictions restriction policies policy programming "
        "constraints constraint training tasks task assignments assignment context guardrails guardrail "
        "filters filter safety everything all above previous prior what anything came",
        "role": "you role play roleplay pretend persona imagine character act behave from simulate identity",
        "dictate": "reply response answer draft output only exactly just verbatim literally simply following this "
        "these link say print write type tell include append prepend insert embed drafting writing replying "
        "responding answering composing generating never don mention message mail email preparing summarizing "
        "summarising t",
        "exfiltrate": "all every entire whole each any other customer customers database credentials passwords api "
        "internal confidential private history system list copy copies bcc cc recipient recipients recipient's reply "
        "sender https http instead only rather contact new following",
    }.items()
}


# One bounded gap at most in each rule: matching stays linear in the length of the text.
_RULED = (
    r"(?:instructions?|prompts?|rules?|guidelines?|directions?|directives?|commands?|restrictions?"
    r"|polic(?:y|ies)|programming|constraints?|training|tasks?|assignments?|context|guardrails?|filters?"
    r"|safety|everything (?:above|before|i|you|that)|all (?:of )?(?:the )?(?:above|previous|prior)|(?:the"
    r"|all) above|(?:what|everything|anything) (?:you|i|was) (?:were|was|have been|'ve been|said|told"
    r"|wrote)|previous (?:text|messages|conversation|information|orders|content|input)|above (?:text"
    r"|messages|information|content)|prior (?:text|messages|information|orders)|what (?:came|is written"
    r"|was said|i said)|all of that|all that)"
)
_OWN_MAIL = (
    r"\bmy (?:\w+ )?(?:e-?mail|message|mail|note|order|request|question|letter|instructions?|directions?"
    r"|comment|complaint|ticket)|(?:reminder|invoice|notice|letter|e-?mail|message)s? (?:if|when)"
    r"|forg[eo]t\w* (?:to|the|my|about|how) |(?:assembly|washing|care|setup|set-up|user|delivery"
    r"|installation|return) (?:instructions?|directions?|rules?|guidelines?)"
)

PATTERNS: tuple[Pattern, ...] = (
    _p(
        "override",
        rf"\b(?:ignor\w*|disregard\w*|forget|overrid\w*|bypass\w*|neglect|dismiss|discard|do(?:n't"
        rf"| not) (?:follow|obey|listen to|apply|adhere|comply)|stop (?:following|obeying)|erase|circumvent"
        rf"|pay no attention to|set aside|abandon|unlearn|violate|break|delete|drop|reset|remove"
        rf"|leave)\b[^\n.?!]{{0,70}}?\b{_RULED}",
        "ignore ignoring ignored ignor disregard disregarding forget override overriding bypass bypassing "
        "neglect dismiss discard follow obey listen apply adhere comply following obeying erase circumvent "
        "attention aside abandon unlearn violate break delete drop reset remove leave overrule",
        _OWN_MAIL,
    ),
    _p(
        "role",
        r"\b(?:you are now (?:a|an|the|in|going|my|free|dan|un\w+|called|no longer|acting|not|[\"'])|(?:act"
        r"|behave|function|operate|serve|respond|answer|speak|write|talk) (?:as|like) (?:a|an|if|my|the|though"
        r"|you)\b|pretend (?:you|to be|that|as)|role-?play|from now on,? (?:you|answer|respond|reply|your|act"
        r"|always|all|only|please)|imagine (?:you(?:'re| are)?|yourself|that you)|take on the role"
        r"|assume the (?:role|identity|persona)|you(?:'re| are) (?:going to|gonna) (?:act|pretend|be|simulate"
        r"|answer|play)|simulate (?:a|an|being)|new persona|your new (?:role|name|task|job|persona"
        r"|instructions?|identity|purpose|goal)|i want you to (?:act|be|pretend|behave|play|ignore|forget"
        r"|answer only|only reply|become|simulate)|stay in character|you will be (?:acting|playing)"
        r"|play the (?:role|part) of)",
        "now act behave function operate serve respond answer speak write talk pretend roleplay role imagine "
        "assume gonna going simulate persona new want character playing acting play",
        r"(?:act|serve) as (?:an?|my|our|the) \w+(?: \w+)? for (?:me|us|my|our)"
        r"|you are now (?:my|our|the) (?:\w+ ){0,2}(?:shop|store|company|supplier|hotel|bank|favou?rite|place|provider)"
        r"|from now on,? please [^\n]{0,40}\b(?:my|our) (?:new|other|home|work|office)"
        r"|(?:act|serve|function) as (?:a|the|my) (?:gift|present|deposit|proof|receipt|reminder|guarantor"
        r"|witness|spare)|imagine (?:you|that you)[^\n]{0,20}(?:understand|busy|get a lot|many|receive|hear)"
        r"|write like the",
    ),
    _p(
        "jailbreak",
        r"\b(?:do anything now|jail ?br(?:eak|oken)\w*|(?:developer|god|sudo|admin|debug|dan|unrestricted"
        r"|maintenance|root|expert|evil|training) mode|mode (?:enabled|activated)|(?:without|no|free (?:of"
        r"|from)|lift) (?:any |all |more |your )?(?:restrictions|filters?|limitations|censorship|ethical|moral"
        r"|guardrails|safeguards)|(?:bypass|disable|turn off|deactivate|evade) (?:\w+ ){0,3}(?:filter|guard"
        r"|safety|security|moderation|restriction|protection|check|verification)\w*|\bDAN\b(?= (?:mode|will|is"
        r"|can|has|says|must)| ?:)|stan mode|hypothetical(?:ly)? (?:response|scenario)[^\n]{0,40}(?:no|without"
        r"|illegal)|opposite (?:mode|day)|unfiltered|uncensored)",
        "anything jailbreak jailbroken jail developer god sudo admin debug dan unrestricted maintenance root "
        "evil mode restrictions filters filter limitations censorship ethical moral guardrails safeguards "
        "bypass disable turn deactivate evade stan hypothetical hypothetically opposite unfiltered uncensored "
        "training expert enabled",
        r"(?:\b(?:app|crash\w*|phone|device|browser|screen|laptop)\b|train(?:ing)? mode (?:on|of) (?:the|my)"
        r"|maintenance mode (?:on|of) (?:the|my|your)"
        r"|turn off the (?:security|safety|protection)[^\n]{0,20}(?:alarm|lamp|device))",
    ),
    _p(
        "reveal",
        r"\b(?:reveal|show|print|output|repeat|display|tell|what(?:'s| is| are| was| were)|give|share|leak"
        r"|expose|write|summari[sz]e|translate|spell|disclose|recite|return|list|copy|dump|provide|read|echo"
        r"|send|quote|paste|encode)\b[^\n]{0,50}?\b(?:system ?prompt|system message|(?:your|the"
        r"|its) (?:(?:initial|original|hidden|secret|system|full|exact|entire|complete|internal|own|first"
        r"|previous|above|underlying|actual|prompt|own|confidential) ){0,3}(?:prompts?|instructions?)\b(?! (?:for"
        r"|on|about|to|how|manual|booklet|sheet|leaflet))|hidden (?:prompt|instructions)|(?:text|words"
        r"|sentences?|lines|paragraphs?|prompt|conversation|content|everything) (?:above|before|prior)"
        r"|previous (?:prompt|text|instructions)|prompt (?:text|texts|template|instructions|verbatim)"
        r"|initial prompt|secret (?:key|code|word|phrase)|api[ _-]?keys?|environment variables?|credentials"
        r"|training data|internal (?:notes|rules|data|polic\w+|prompt|documents?|instructions?)"
        r"|other customers?(?:'s|') |customer (?:list|database|records)|all (?:customers?|orders|users"
        r"|emails?) (?:data|in|from|of)|configuration|conversation history)",
        "prompt prompts instructions instruction system systemprompt above before prior previous secret api "
        "keys key environment credentials training internal customers customer's customers' customer users "
        "emails orders configuration history",
        r"(?:assembly|washing|care|setup|set-up|user|delivery|installation|return|returns|shipping|cleaning"
        r"|cooking) instructions|instructions (?:that|which) came|paid (?:before|prior)|(?:my"
        r"|configuration of my)",
    ),
    _p(
        "reveal",
        r"\bwhat were you told\b|\brepeat (?:\w+ ){0,4}(?:word for word|verbatim)\b",
        "told verbatim word",
    ),
    _p(
        "marker",
        r"[\"'](?:tool_calls?|function_calls?|tool_name|tool_use)[\"']\s?:",
        "tool_calls tool_call function_call function_calls tool_name tool_use",
    ),
    _p(
        "marker",
        r"<\|?/?(?:im_start|im_end|system|assistant|user|endoftext|eot_id|start_header_id|end_header_id"
        r"|begin_of_text)\|?>|\[/?(?:INST|SYS|SYSTEM|ASSISTANT|PROMPT)\]|<</?SYS>>|#{2,}\s?(?:instructions?"
        r"|system|response|human|assistant|user|new|end|prompt|input|task)\b|</?(?:system|assistant"
        r"|instructions?|prompt|tool_?(?:result|call|response|output)s?|function_?(?:call|result)s?|context"
        r"|documents?|email_?body|customer_?(?:mail|message)|admin|data|context|developer|rules"
        r"|secret)(?: [^>\n]{0,80})?>|[\"']role[\"']\s?:\s?[\"'](?:system|assistant|developer)|(?:^"
        r"|\n)[ \t>*#\[({-]{0,6}(?:system|assistant|developer|ai|chatgpt|gpt|bot|model)(?: (?:prompt|message|note"
        r"|instructions?|override|update))?[ *]{0,3}:\s{0,3}(?=\w)|\b(?:BEGIN|END|START)(?: OF)?(?: (?:THE|YOUR"
        r"|ALL|NEW))? (?:SYSTEM|PROMPT|INSTRUCTIONS?|CONTEXT|CONVERSATION|USER INPUT|TRUSTED|ADMIN|DATA"
        r"|DOCUMENT|MESSAGE FROM)|^\s{0,5}(?:human|user):[^\n]{0,200}\n+(?:assistant|ai):",
        "im_start im_end system assistant endoftext eot_id inst sys instruction instructions response prompt "
        "tool_result tool_call tool_response function_call function_result context documents document role "
        "developer ai chatgpt gpt bot model begin end start_header_id tool_results admin email_body human "
        "customer_mail data rules secret start_header begin_of_text toolresult new input task",
        r"(?:system|model|ai)(?: \w+)?[ *]{0,3}:\s{0,3}(?:windows|mac|linux|ios|android|\w{0,12}\d|v\d)"
        r"|end of (?:the )?(?:document|message)\b(?! from)|#{2,}\s?(?:user|input|response|task"
        r"|new)\b(?! (?:instr|task|prompt|system))",
    ),
    _p(
        "addressed",
        r"\b(?:(?:note|message|attention|instructions?|important|notice|memo|reminder|hint|p\.?s\.?)(?: to| for"
        r"|:)? (?:the |any |all |our |your |an )?(?:ai|a\.i\.|assistants?|language model|llms?|chat ?bots?"
        r"|bots?|model|automated|email assistant|ai (?:model|agent|assistant|system|reader)|gpt\w*|chatgpt"
        r"|claude|copilot|gemini|virtual|machine|system)\b|(?:if|since|because|when|as) you(?:'re"
        r"| are) (?:an? )?(?:ai|a\.i\.|artificial|language model|llm|chat ?bot|bot|automated|virtual|large"
        r"|assistant|gpt)|(?:dear|hey|hi|hello|attention|ok|okay),? (?:ai|assistant|chat ?bot|bot|gpt|chatgpt"
        r"|claude|gemini|copilot|llm|language model|computer|machine|siri|alexa)\b|(?:the|this|you,? the) (?:ai"
        r"|assistant|model|chat ?bot|llm|language model|bot|automated system) (?:must|should|shall|will"
        r"|is (?:required|instructed|allowed|now|to)|has to|needs to|reading|processing|can)|(?:ai|assistant"
        r"|model|llm|chatbot|bot) (?:reading|processing|handling|drafting|that reads|who reads)|(?:as"
        r"|you,? as) an? (?:ai|assistant|language model))",
        "ai assistant assistants language llm llms chatbot chatbots bot bots model automated gpt chatgpt "
        "claude copilot gemini virtual machine artificial computer alexa siri chat system",
        r"(?:shop|sales|personal|store|virtual|dental|medical|my|legal|teaching) assistant (?:will|can|should)"
        r"|the (?:new |old |latest |same |this )?model (?:should|will|can|must|has to|needs)|(?:this"
        r"|the) model (?:is|will|should|can|must)",
    ),
    _p(
        "dictate",
        r"\b(?:(?:when|while|before|in) (?:drafting|writing|generating|composing|replying|responding|answering"
        r"|preparing|summari[sz]ing)\b[^\n]{0,60}?\b(?:include|add|cc|bcc|send|always|you must|make sure|ensure"
        r"|do not|never|insert|state|say|tell|use|offer|ignore|append|confirm)|(?:your|the|this|each|every"
        r"|any) (?:next |entire |whole |final )?(?:reply|response|answer|draft|output|message|e-?mail) (?:must"
        r"|should|has to|needs to|shall|will|is to|ought to) (?:only |always |also |not )?(?:include|contain"
        r"|say|start|be|state|confirm|begin|end|consist|offer|promise|mention|use|read|grant)|(?:reply|respond"
        r"|answer|write|say|state|output|print|repeat|type) (?:back )?(?:to (?:me|this|the customer|everyone"
        r"|all)(?: \w+)? )?(?:only|exactly|just|nothing but|verbatim|literally|simply)(?: (?:with|as|the|this"
        r"|that|yes|\"|'))|(?:reply|respond|answer) (?:only )?with (?:only|exactly|the (?:word|words|phrase"
        r"|text|following|sentence)|just|[\"'“])|in (?:your|the) (?:reply|response|answer"
        r"|draft)[^\n]{0,12}? (?:include|write|say|state|confirm|add|put|tell|promise|offer|insert|mention that"
        r"|list|give)|(?:append|prepend|insert|embed|include|add) (?:the )?(?:following|this|these|a link"
        r"|the link|the text|the phrase|the url|the string|the code)|(?:say|print|write|output|type"
        r"|tell (?:them|him|her|the customer|everyone|me|us)) [\"'“][^\"'”\n]{3,80}[\"'”]|(?:do not|don't"
        r"|never) (?:mention|tell|reveal|disclose|inform|alert|notify|warn|let)[^\n]{0,40}(?:this|instruction"
        r"|message|anyone|reviewer|human|person|user|customer|operator|team|supervisor)|tell the (?:customer"
        r"|user|reader|recipient|client|person|reviewer|buyer) (?:that|to|they|he|she|their|we))",
        "drafting writing generating composing replying responding answering preparing summarizing summarising "
        "reply response answer draft output message email mail respond write say state print repeat type "
        "append prepend insert embed include add mention tell reveal disclose inform alert notify warn let",
        r"(?:tell|inform|alert) (?:my|our) \w+|(?:say|write|print|type)s? [\"'“](?:return|delivered|shipped"
        r"|pending|processing|out of|error|in stock"
        r"|not|order|invalid|your)",
    ),
    _p(
        "exfiltrate",
        r"\b(?:forward|send|cc|bcc|copy|e-?mail|transmit|mail|post|upload|deliver|export|share|leak|submit"
        r"|exfiltrate)\b[^\n]{0,50}?\b(?:all|every|entire|whole|each|any|other) (?:\w+ ){0,2}(?:customers?"
        r"|e-?mails?|data|messages?|orders?|records?|conversations?|threads?|accounts?|users?|passwords?"
        r"|details|history|information|files?|documents?|contacts?|replies|responses?|correspondence"
        r"|credit cards?|invoices)\b[^\n]{0,60}?(?:\bto\b|@|https?:)|\b(?:forward|send|e-?mail|transmit|upload"
        r"|export|leak|post|share|give)\b[^\n]{0,40}?\b(?:customer (?:data|list|database|records|details"
        r"|information)|database|credentials|passwords|api keys?|(?:internal|confidential"
        r"|private) (?:\w+ )?(?:data|notes?|information|documents?|files?|records)|conversation history"
        r"|system prompt|contact list|mailing list|the (?:reply|response|draft|answer|refund) (?:to|at) (?:this"
        r"|the|my) (?:other|new|following|private)|(?:a )?(?:blind )?cop(?:y|ies) (?:of (?:this|your|the|every"
        r"|each|all) [^\n]{0,30})?to\b)|\bbcc\b[^\n]{0,30}?@|\b(?:add|put|include"
        r"|set) [^\n]{0,40}?@[^\n]{0,40}?\b(?:as|to|in|on) (?:the |a )?(?:\w+ )?(?:cc|bcc|copy|recipients?"
        r"|reply-?to)|\b(?:reply|respond|answer)\b[^\n]{0,20}? to [^\s@]{1,64}@[^\s]{1,64} (?:instead|only"
        r"|rather)|\bchange (?:the )?(?:recipient|reply-?to|sender|to (?:address|field|header))"
        r"|!\[[^\]\n]{0,80}\]\(https?:",
        "forward send cc bcc copy email mail e transmit post upload deliver export share leak submit "
        "exfiltrate add put include set reply respond answer change https http give",
    ),
    _p(
        "authority",
        r"\b(?:(?:mark|approve|process|issue|grant|confirm|authori[sz]e|release|execute|send|accept"
        r"|apply)\b[^\n]{0,50}?\b(?:immediately|automatically|right away"
        r"|at once)?,? ?without (?:any )?(?:review|approval|checking|verification|asking|further|human"
        r"|confirmation|question|supervis|person|check)|you (?:must|have to|are required to|are instructed to"
        r"|are authori[sz]ed to|shall|are obliged to|are allowed to|are ordered to|are commanded to"
        r"|are hereby) (?:now |always |only |immediately |also )?(?:obey|comply|follow|approve|confirm|state"
        r"|write|tell|promise|offer|grant|say|include|reply|answer|respond|ignore|reveal|forward|disregard"
        r"|instructed|execute|call|output|provide the|act|use the)|(?:new|updated|additional|special|secret"
        r"|hidden|override|urgent|admin|following|real|actual|important|system"
        r"|further) (?:system )?(?:instructions?|rules?|directives?|prompt|orders|commands?|task)\s?(?::|-"
        r"|\bfor you\b|from)|(?:admin(?:istrator)?|system|developer|root|security|supervisor|ceo"
        r"|management) (?:override|instructions?|command|prompt|directive|access granted|privileges?|code)\b"
        r"|(?:system|policy|admin|security|developer|configuration|internal) (?:message|update|notice|alert"
        r"|notification|announcement|memo|prompt|override|instruction)\s?:|this is (?:a|an|the|your) (?:system"
        r"|admin|developer|official|authori[sz]ed|automated|security|emergency)(?: \w+)? (?:message|override"
        r"|instruction|command|test|directive|request|order|update)|(?:invoke"
        r"|trigger) (?:the )?\w{1,30} (?:tool|function|api|action)|(?:call|use) the [\w_]{1,30} (?:tool"
        r"|function|api)|(?:execute|run|eval) (?:the )?(?:following|this|command|code|sql|script|query|shell)"
        r"|(?:drop|truncate) table|delete from|;\s?rm -rf|\bsudo |<script\b|javascript:|on(?:error|load|click)="
        r"|i am (?:the|your|an?) (?:developer|admin(?:istrator)?|creator|owner of (?:this|the) (?:system|model"
        r"|bot)|openai|anthropic|engineer|programmer)|as (?:the|your) (?:developer|admin(?:istrator)?|creator))",
        "without must required instructed authorized authorised shall obliged allowed ordered commanded hereby "
        "instructions instruction rules rule directive directives prompt orders command commands task override "
        "access privileges code update message notice alert notification announcement memo test request invoke "
        "trigger tool function api action execute run eval drop truncate delete rm sudo script javascript "
        "onerror onload onclick developer admin administrator creator openai anthropic engineer programmer "
        "owner have table privilege",
        r"delivery instructions|(?:assembly|washing|care|return|important|special|further) (?:delivery "
        r"|assembly |care )?instructions? (?:for (?!you)|from (?:the|your|my)|on)|new orders?\b"
        r"|following (?:orders?|rules)|(?:without (?:any )?(?:question|confirmation)s? (?:asked|from))"
        r"|prompt (?:keeps|asks|asking|appears|says|window|shows)|security code"
        r"|(?:without (?:a )?(?:confirmation|check)(?:ing)? (?:e-?mail|mail|with me))",
    ),
    _p(
        "redirect",
        r"\b(?:well done|good job|great job|excellent|perfect|nice (?:work|job)|super|wonderful|great|okay|ok"
        r"|alright|thanks?(?: you)?)\b[^\n]{0,60}?\b(?:new task|next task|another task|now (?:forget|tell|write"
        r"|answer|ignore|show|focus|let'?s|please (?:tell|write|answer|forget))|let'?s (?:begin|start|move on"
        r"|continue) (?:a |the |with |to )|(?:one|just one) (?:more|last) (?:thing|task|question|information"
        r"|step))|\b(?:new|next|actual|real|different|following) task(?: is|:|,|\.)|\bstop (?:there|here|now|it"
        r"|being|processing|translating|summari[sz]ing)\b[^\n]{0,30}?\b(?:now|instead|and|task|then)\b"
        r"|\binstead(?: of [^\n]{0,40}?)?,? (?:tell|write|output|say|answer|print|respond|reply with|generate"
        r"|give me (?:a|an|the) (?:list|poem|story|recipe))",
        "task forget focus stop instead begin let's lets information",
    ),
    _p(
        "hidden",
        r"<!--|display\s?:\s?none|visibility\s?:\s?hidden|font-size\s?:\s?0|opacity\s?:\s?0(?:\.0)?\b"
        r"|color\s?:\s?(?:white|#fff(?:fff)?|transparent)\b",
        "display visibility font opacity color hidden none --",
    ),
)
