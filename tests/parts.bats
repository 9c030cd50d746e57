# Parts of an answer that cannot be shown: reported, listed, status 1.

# shellcheck disable=SC2030,SC2031,SC2153,SC2154
load net

UNSHOWN='parts of the answer cannot be shown'

# parts LIST: the reply with a text and these parts.
parts() {
	printf '[{"stream":[{"candidates":[{"content":{"parts":[{"text":"Here:"},%s]},"finishReason":"STOP"}]}],"finish":null,"repeat":-1}]' "$1"
}

@test "parts of all kinds are reported by type and size" {
	local part label json failures=0
	serve
	while IFS='|' read -r part label json; do
		play <<<"$(parts "$part")"
		ask hi
		said 1 $'Here:\n' "gm-prompt: $ALIAS: a part ($label) cannot be shown
gm-prompt: $ALIAS: $UNSHOWN (STOP, partial)
" && tried 1 || failures=$((failures + 1))
		ask -S hi
		said 1 $'Here:\n' "gm-prompt: $ALIAS: a part ($label) cannot be shown
gm-prompt: $ALIAS: $UNSHOWN (STOP, partial)
" || failures=$((failures + 1))
		ask --json hi
		[ "$rc" -eq 1 ] && same <(jq -c '[.ok, .text, .parts_omitted, .error.class]' out) \
			"[false,\"Here:\",[$json],\"partial\"]
" || failures=$((failures + 1))
	done <<-'E'
	{"inlineData":{"mimeType":"image/png","data":"iVBORw0KGgo="}}|image/png, 8 bytes|{"type":"inlineData","mime_type":"image/png","bytes":8}
	{"inlineData":{"mimeType":"audio\/wav","data":"AAAA"},"text":""}|audio/wav, 3 bytes|{"type":"inlineData","mime_type":"audio/wav","bytes":3}
	{"inlineData":{}}|inlineData, 2 bytes|{"type":"inlineData","mime_type":null,"bytes":2}
	{"fileData":{"fileUri":"f","mimeType":"video/mp4"}}|video/mp4, 40 bytes|{"type":"fileData","mime_type":"video/mp4","bytes":40}
	{"functionCall":{"name":"f","args":{}}}|functionCall, 24 bytes|{"type":"functionCall","mime_type":null,"bytes":24}
	{"executableCode":{"code":"1"},"thoughtSignature":"QQ=="}|executableCode, 13 bytes|{"type":"executableCode","mime_type":null,"bytes":13}
	{"codeExecutionResult":{"output":"1"}}|codeExecutionResult, 15 bytes|{"type":"codeExecutionResult","mime_type":null,"bytes":15}
	{"toolCall":{}}|toolCall, 2 bytes|{"type":"toolCall","mime_type":null,"bytes":2}
	{"video":{"data":"AAAA"}}|video, 3 bytes|{"type":"video","mime_type":null,"bytes":3}
	{"hologram":[1]}|hologram, 3 bytes|{"type":"hologram","mime_type":null,"bytes":3}
	{"text":5}|text, 1 byte|{"type":"text","mime_type":null,"bytes":1}
	"text"|string, 6 bytes|{"type":"string","mime_type":null,"bytes":6}
	null|null, 4 bytes|{"type":"null","mime_type":null,"bytes":4}
	7|number, 1 byte|{"type":"number","mime_type":null,"bytes":1}
	[{"text":"x"}]|array, 15 bytes|{"type":"array","mime_type":null,"bytes":15}
	E
	[ "$failures" -eq 0 ]
}

@test "thoughts, signatures and what describes a text are no such parts" {
	serve
	play <<<"$(parts '{"thoughtSignature":"QQ=="},{"text":"","thoughtSignature":"QQ=="},{"thought":true,"inlineData":{"mimeType":"image/png","data":"AA=="}},{"text":" yes","partMetadata":{"a":1},"newMember":{"b":2}},{},{"text":null},{"functionCall":null}')"
	ask hi
	said 0 $'Here: yes\n' ''
	ask --json hi
	same <(jq -c '[.ok, .parts_omitted]' out) $'[true,[]]\n'
}

@test "content of a wrong type is a part that cannot be shown" {
	local content
	serve
	for content in '"text"' '[{"text":"a"}]' '{"parts":"text"}' 7; do
		play <<<"[{\"json\":{\"candidates\":[{\"content\":$content,\"finishReason\":\"STOP\"}]}}]"
		ask -o file hi
		[ "$rc" -eq 1 ] && [ ! -e file ] && [ "$(wc -l <err)" -eq 2 ] &&
			tried 1
	done
	play <<<'[{"json":{"candidates":[{"content":{"parts":{"text":"One part."}},"finishReason":"STOP"}]}}]'
	ask hi
	said 0 $'One part.\n' ''
}

@test "many parts: ten lines, and a count" {
	local image='{"inlineData":{"mimeType":"image/png","data":"AAAA"}}'
	local all=$image
	serve
	for _ in {1..11}; do all+=,$image; done
	play <<<"$(parts "$all")"
	ask hi
	[ "$rc" -eq 1 ]
	same out $'Here:\n'
	same <(LC_ALL=C sort err | uniq -c | sed 's/^ *//') "1 gm-prompt: $ALIAS: 2 more parts cannot be shown
10 gm-prompt: $ALIAS: a part (image/png, 3 bytes) cannot be shown
1 gm-prompt: $ALIAS: $UNSHOWN (STOP, partial)
"
	ask --json hi
	same <(jq '.parts_omitted | length' out) $'12\n'
}

@test "-x: the block is printed, and the status is 1 all the same" {
	serve
	play <<-'END'
		[{"stream":[{"candidates":[{"content":{"parts":[{"text":"So:\n```\nls\n```\n"},{"toolCall":{}}]},"finishReason":"STOP"}]}],"finish":null,"repeat":-1}]
	END
	ask -x hi
	[ "$rc" -eq 1 ]
	same out $'ls\n'
	ask -x --json hi
	[ "$rc" -eq 1 ]
	same <(jq -c '[.text, .error.class]' out) '["ls\n","partial"]
'
}

@test "a part in each of several events counts in each" {
	serve
	play <<-'END'
		[{"stream":["One",
		  {"candidates":[{"content":{"parts":[{"toolCall":{}}]}}]},
		  {"candidates":[{"content":{"parts":[{"toolCall":{}}]}}]},
		  " two"]}]
	END
	ask --json hi
	[ "$rc" -eq 1 ]
	same <(jq -c '[.text, (.parts_omitted | length)]' out) '["One two",2]
'
}

@test "chat completions: tool calls, audio, images and unknown chunks" {
	local message label failures=0
	services
	while IFS='|' read -r message label; do
		play <<<"[{\"json\":{\"choices\":[{\"message\":$message,\"finish_reason\":\"stop\"}]}}]"
		ask --provider openai hi
		said 1 $'Here.\n' "gm-prompt: $OPENAI_MODEL: a part ($label) cannot be shown
gm-prompt: $OPENAI_MODEL: $UNSHOWN (stop, partial)
" && tried 1 || failures=$((failures + 1))
	done <<-'E'
	{"content":"Here.","tool_calls":[{"id":"1"}]}|tool_calls, 10 bytes
	{"content":"Here.","function_call":{"name":"f"}}|function_call, 12 bytes
	{"content":"Here.","audio":{"data":"AAAA","format":"wav"}}|wav, 3 bytes
	{"content":"Here.","images":[{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0KGgo="}}]}|image/png, 8 bytes
	{"content":[{"type":"text","text":"Here."},{"type":"image_url","image_url":"data:image/jpeg;base64,AAAA"}]}|image/jpeg, 3 bytes
	{"content":[{"type":"text","text":"Here."},{"type":"image_url","image_url":"https:\/\/a.example\/b.png"}]}|image_url, 58 bytes
	{"content":[{"type":"text","text":"Here."},{"type":"new","x":1}]}|new, 20 bytes
	{"content":["Here.",null]}|null, 4 bytes
	{"content":["Here.",{"type":"text","text":5}]}|text, 24 bytes
	E
	play <<<'[{"json":{"choices":[{"message":{"content":[{"type":"refusal","refusal":"No."},{},{"type":"text","text":null}],"tool_calls":[],"function_call":null,"audio":null},"finish_reason":"stop"}]}}]'
	ask --provider openai hi
	said 0 $'No.\n' ''
	[ "$failures" -eq 0 ]
}
