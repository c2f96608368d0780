-- Generated from spec/imp.yaml by `python -m codegen`; change the spec, not this file.
--
-- Shows the Instant Messenger Protocol (IMP), version 1.0, in Wireshark and tshark. Put it into the folder
-- of personal Lua plugins (Help, About Wireshark, Folders), or name it on the command line:
--
--     tshark -X lua_script:imp.lua -r capture.pcapng -Y imp -V
--
-- `tshark -G fields -X lua_script:imp.lua | grep imp[.]` lists the filter names.

local protocol = {
  prefix = "imp",
  name = "Instant Messenger Protocol",
  short = "IMP",
  version = "1.0",
  big_endian = true,
  longest = 1048576,
  ports = "8092",
  tls_ports = "8093",
  recognisable = true,
  frame = {
    prefix = 4,
    length_at = 0,
    length_size = 4,
    least = 6,
    flags = 1,
    flags_name = "flags",
    critical_flags = "0f",
    fields = {
      { "length", size = 4, role = "length", doc = "Bytes that follow this field" },
      { "type", size = 1, role = "type", doc = "Which message this is" },
      { "flags", size = 1, role = "flags", doc = "None is defined in version 1; senders write 0" },
      {
        "request_id",
        size = 4,
        role = "correlation",
        doc = "Chosen by the requester, repeated in the reply, 0 where nothing is answered",
      },
    },
    extension = { tag = 1, count = 2, max = 65535, code = "MALFORMED" },
  },
}

-- The codes with which the protocol answers what it refuses.
local codes = {
  malformed = "MALFORMED",
  too_large = "FRAME_TOO_LARGE",
  unexpected = "UNEXPECTED_MESSAGE",
  unknown_type = "UNKNOWN_TYPE",
  unsupported_critical = "UNSUPPORTED_CRITICAL",
}

-- Sizes, counts and bounds are of bytes.
local types = {
  bool = { kind = "bool", size = 1 },
  capabilities = { kind = "bits", size = 4 },
  cursor = {
    kind = "string",
    count = 1,
    min = 0,
    min_code = "MALFORMED",
    max = 24,
    max_code = "NAME_INVALID",
    form = "([A-Za-z][A-Za-z0-9_-]*)?",
    form_code = "NAME_INVALID",
  },
  detail = {
    kind = "string",
    count = 1,
    min = 0,
    min_code = "MALFORMED",
    max = 255,
    max_code = "MALFORMED",
    form_code = "MALFORMED",
    forbidden = { { 0x0000, 0x001F }, { 0x007F, 0x009F } },
  },
  duration = { kind = "integer", size = 4, unit = "ms" },
  error_code = {
    kind = "enum",
    size = 1,
    open = true,
    values = {
      [1] = { "UNKNOWN_TYPE", "The type of the request is not one that this server knows." },
      [2] = {
        "UNSUPPORTED_CRITICAL",
        "A critical flag is set, or a critical extension is present, that this server does not know.",
      },
      [3] = { "INVALID_TEXT", "The text is not UTF-8, or it holds a forbidden character." },
      [4] = { "TEXT_EMPTY", "The text has no byte." },
      [5] = { "TEXT_TOO_LONG", "The text has more bytes than max_text." },
      [6] = { "NAME_INVALID", "The name breaks the rule for names or has more bytes than max_name." },
      [7] = { "NAME_RESERVED", "The name is one that nobody may bear." },
      [8] = { "NAME_TAKEN", "Another user bears the name now." },
      [9] = { "NAME_BANNED", "The operator has banned the name." },
      [10] = { "NO_SUCH_USER", "Nobody bears the name now." },
      [11] = { "SELF_TARGET", "The recipient is the sender." },
      [12] = { "RATE_LIMITED", "The connection has no token left; retry_after_ms tells when the next one comes." },
    },
  },
  goodbye_code = {
    kind = "enum",
    size = 1,
    open = true,
    values = {
      [128] = { "LEFT", "LEAVE, or the end of the client's stream between two frames." },
      [129] = {
        "MALFORMED",
        "A length below 6, a frame that cannot be read as its type's layout says or whose request_id is 0, a stream that ends inside a frame, or a PONG with a critical flag or extension that the server does not know.",
      },
      [130] = { "FRAME_TOO_LARGE", "A length greater than the limit in force." },
      [131] = {
        "UNEXPECTED_MESSAGE",
        "A type that the state or the direction does not allow, or a PONG that answers no PING.",
      },
      [132] = { "VERSION_UNSUPPORTED", "HELLO offers no version that the server speaks." },
      [133] = { "HANDSHAKE_TIMEOUT", "No HELLO was accepted within handshake_timeout." },
      [134] = { "FRAME_TIMEOUT", "A frame was begun and not finished within frame_timeout." },
      [135] = { "KEEPALIVE_TIMEOUT", "No frame came within pong_timeout of the server's PING." },
      [136] = { "SLOW_CONSUMER", "More than send_queue bytes wait for this client." },
      [137] = { "FLOOD", "The request would have been refused with RATE_LIMITED for the flood_strikes-th time." },
      [138] = { "KICKED", "The operator's /kick." },
      [139] = { "BANNED", "A ban of the name or the address, when it is made; one of the address, at accept." },
      [140] = { "SHUTTING_DOWN", "The server stops." },
      [141] = { "SERVER_FULL", "A connection beyond max_connections." },
      [142] = { "TOO_MANY_CONNECTIONS", "A connection beyond connections_per_address." },
      [143] = {
        "TOO_MANY_ATTEMPTS",
        "A connection beyond attempts_per_minute, or the HELLO that would be refused for the hello_tries-th time.",
      },
      [144] = { "INTERNAL", "The server failed while it handled this connection, or as a whole." },
    },
  },
  label = {
    kind = "string",
    count = 1,
    min = 1,
    min_code = "MALFORMED",
    max = 64,
    max_code = "MALFORMED",
    form_code = "MALFORMED",
    forbidden = { { 0x0000, 0x001F }, { 0x007F, 0x009F } },
  },
  left_reason = {
    kind = "enum",
    size = 1,
    open = true,
    values = {
      [1] = { "LEFT", "The user asked to leave or ended the stream in good order" },
      [2] = { "LOST", "The connection was reset or failed otherwise, or its stream ended inside a frame" },
      [3] = { "TIMED_OUT", "Nothing more came: KEEPALIVE_TIMEOUT or FRAME_TIMEOUT" },
      [4] = { "TOO_SLOW", "The user did not read fast enough: SLOW_CONSUMER" },
      [5] = { "KICKED", "The operator removed the user" },
      [6] = { "BANNED", "The operator banned the user's name or address" },
      [7] = { "VIOLATION", "The user's program broke the protocol or flooded" },
      [8] = { "FAILED", "The server failed while it served this user: INTERNAL" },
    },
  },
  name = {
    kind = "string",
    count = 1,
    min = 1,
    min_code = "NAME_INVALID",
    max = 24,
    max_code = "NAME_INVALID",
    form = "[A-Za-z][A-Za-z0-9_-]*",
    form_code = "NAME_INVALID",
  },
  notice_scope = {
    kind = "enum",
    size = 1,
    values = {
      [1] = { "ALL", "To everyone" },
      [2] = { "PRIVATE", "To the receiver alone" },
    },
  },
  roster = { kind = "array", count = 2, item = "user", max = 4096 },
  seq = { kind = "integer", size = 8 },
  session_id = { kind = "integer", size = 8, min = "0000000000000001", least = "1" },
  text = {
    kind = "string",
    count = 2,
    min = 1,
    min_code = "TEXT_EMPTY",
    max = 4096,
    max_code = "TEXT_TOO_LONG",
    form_code = "INVALID_TEXT",
    forbidden = { { 0x0000, 0x0008 }, { 0x000B, 0x001F }, { 0x007F, 0x009F } },
  },
  time = { kind = "integer", size = 8, unit = "ms since the epoch" },
  u16 = { kind = "integer", size = 2 },
  u32 = { kind = "integer", size = 4 },
  u64 = { kind = "integer", size = 8 },
  u8 = { kind = "integer", size = 1 },
  user = {
    kind = "struct",
    fields = {
      { "session_id", "session_id", doc = "The stay" },
      { "name", "name", doc = "The name" },
    },
  },
  version = { kind = "integer", size = 2, hexadecimal = true },
}

local messages = {
  [0x01] = {
    name = "HELLO",
    kind = "request",
    sender = "client",
    doc = "The client says which versions it speaks and which name it wants.",
    fields = {
      {
        "magic",
        "u32",
        const = 0x494D5031,
        doc = "The ASCII letters IMP1, which tell an IMP client from any other",
      },
      { "min_version", "version", doc = "The lowest version that the client speaks" },
      { "max_version", "version", doc = "The highest version that the client speaks" },
      { "capabilities", "capabilities", doc = "What the client can do besides version 1.0" },
      { "name", "name", doc = "The name that the user wants to bear" },
    },
  },
  [0x02] = {
    name = "SAY",
    kind = "request",
    sender = "client",
    doc = "The user says something to all.",
    fields = {
      { "text", "text", doc = "What is said" },
    },
  },
  [0x03] = {
    name = "PM",
    kind = "request",
    sender = "client",
    doc = "The user says something to one other user.",
    fields = {
      { "to", "name", doc = "Who shall get it, compared without case" },
      { "text", "text", doc = "What is said" },
    },
  },
  [0x04] = {
    name = "WHO",
    kind = "request",
    sender = "client",
    doc = "The user asks who is there, a page at a time.",
    fields = {
      { "after", "cursor", doc = "The page begins behind this name; empty for the first page" },
      { "limit", "u16", unit = "users", doc = "The most users to tell; 0 leaves it to the server" },
    },
  },
  [0x05] = {
    name = "RENAME",
    kind = "request",
    sender = "client",
    doc = "The user wants another name.",
    fields = {
      { "name", "name", doc = "The new name" },
    },
  },
  [0x06] = { name = "LEAVE", kind = "request", sender = "client", doc = "The user goes.", fields = {} },
  [0x40] = {
    name = "PING",
    kind = "request",
    sender = "either",
    doc = "Are you there, and have you done all that I asked before?",
    fields = {
      { "nonce", "u64", doc = "Any number; PONG repeats it" },
    },
  },
  [0x41] = {
    name = "PONG",
    kind = "reply",
    sender = "either",
    doc = "The answer to PING.",
    fields = {
      { "nonce", "u64", doc = "The nonce of the PING" },
    },
  },
  [0x80] = {
    name = "WELCOME",
    kind = "reply",
    sender = "server",
    doc = "The client is a user now; these are the server's limits.",
    fields = {
      { "version", "version", doc = "The version spoken from now on" },
      { "capabilities", "capabilities", doc = "What both sides can do besides version 1.0" },
      { "session_id", "session_id", doc = "This stay of the user" },
      { "name", "name", doc = "The name that the user bears now, as it was asked for" },
      { "server_name", "label", doc = "What the server is called, for people" },
      { "seq", "seq", doc = "The seq of the JOINED that the others get" },
      { "time", "time", doc = "The time of that JOINED" },
      {
        "max_frame",
        "u32",
        unit = "bytes",
        quiet = true,
        doc = "The greatest length of a frame, once WELCOME is sent",
      },
      { "max_text", "u16", unit = "bytes", quiet = true, doc = "The longest text that a client may send" },
      { "max_name", "u8", unit = "bytes", quiet = true, doc = "The longest name" },
      {
        "send_queue",
        "u32",
        unit = "bytes",
        quiet = true,
        doc = "What may wait for one client before it is cut",
      },
      { "hello_tries", "u8", unit = "HELLOs", quiet = true, doc = "Refused HELLOs until the connection ends" },
      { "rate_burst", "u32", unit = "requests", quiet = true, doc = "Tokens in a full bucket" },
      { "rate_per_second", "u32", unit = "requests", quiet = true, doc = "Tokens that come back each second" },
      {
        "flood_strikes",
        "u16",
        unit = "refusals",
        quiet = true,
        doc = "RATE_LIMITED refusals until the connection ends",
      },
      { "max_connections", "u32", unit = "connections", quiet = true, doc = "Connections in all" },
      {
        "connections_per_address",
        "u32",
        unit = "connections",
        quiet = true,
        doc = "Connections of one address (of a /64 in IPv6)",
      },
      {
        "attempts_per_minute",
        "u32",
        unit = "connections",
        quiet = true,
        doc = "New connections of one address in any minute",
      },
      { "handshake_timeout", "duration", quiet = true, doc = "From accept to an accepted HELLO" },
      { "frame_timeout", "duration", quiet = true, doc = "From a frame's first byte to its last" },
      {
        "ping_after",
        "duration",
        quiet = true,
        doc = "Silence of a client, after which the server sends PING",
      },
      { "pong_timeout", "duration", quiet = true, doc = "From that PING to the end, if no frame comes" },
      {
        "close_drain",
        "duration",
        quiet = true,
        doc = "How long the server reads and drops after GOODBYE, at most",
      },
    },
  },
  [0x81] = {
    name = "OK",
    kind = "reply",
    sender = "server",
    doc = "The request was carried out.",
    fields = {
      { "seq", "seq", doc = "The seq of the public event that the request caused, or 0" },
      { "time", "time", doc = "When it was carried out" },
    },
  },
  [0x82] = {
    name = "ROSTER",
    kind = "reply",
    sender = "server",
    doc = "A page of the users who are there.",
    fields = {
      { "entries", "roster", doc = "The users of this page" },
      { "more", "bool", doc = "Whether there are users behind the last one" },
    },
  },
  [0x83] = {
    name = "ERROR",
    kind = "reply",
    sender = "server",
    doc = "The request was not carried out, and the connection goes on.",
    fields = {
      { "code", "error_code", doc = "Why" },
      { "request_type", "u8", doc = "The type of the request" },
      { "retry_after_ms", "duration", doc = "When to try again; 0 where that is of no use" },
      { "detail", "detail", doc = "Why, in words for people, or nothing" },
    },
  },
  [0x84] = {
    name = "GOODBYE",
    kind = "reply",
    sender = "server",
    doc = "The connection ends, and this is why.",
    fields = {
      { "code", "goodbye_code", doc = "Why" },
      { "retry_after_ms", "duration", doc = "How long to wait before the next attempt; 0 for no advice" },
      { "detail", "detail", doc = "Why, in words for people, or nothing" },
    },
  },
  [0xC0] = {
    name = "CHAT",
    kind = "event",
    sender = "server",
    doc = "A user has said something to all.",
    fields = {
      { "seq", "seq", doc = "The number of this public event" },
      { "time", "time", doc = "When it was said" },
      { "who", "user", doc = "Who said it" },
      { "text", "text", doc = "What was said, byte for byte" },
    },
  },
  [0xC1] = {
    name = "WHISPER",
    kind = "event",
    sender = "server",
    doc = "A user has said something to the receiver alone.",
    fields = {
      { "time", "time", doc = "When it was said" },
      { "who", "user", doc = "Who said it" },
      { "text", "text", doc = "What was said, byte for byte" },
    },
  },
  [0xC2] = {
    name = "NOTICE",
    kind = "event",
    sender = "server",
    doc = "The operator has said something.",
    fields = {
      { "seq", "seq", doc = "The number of this public event; 0 when private" },
      { "time", "time", doc = "When it was said" },
      { "scope", "notice_scope", doc = "To whom" },
      { "text", "text", doc = "What was said" },
    },
  },
  [0xC3] = {
    name = "JOINED",
    kind = "event",
    sender = "server",
    doc = "A user has come.",
    fields = {
      { "seq", "seq", doc = "The number of this public event" },
      { "time", "time", doc = "When" },
      { "who", "user", doc = "Who" },
    },
  },
  [0xC4] = {
    name = "LEFT",
    kind = "event",
    sender = "server",
    doc = "A user is gone.",
    fields = {
      { "seq", "seq", doc = "The number of this public event" },
      { "time", "time", doc = "When" },
      { "who", "user", doc = "Who" },
      { "reason", "left_reason", doc = "Why" },
    },
  },
  [0xC5] = {
    name = "RENAMED",
    kind = "event",
    sender = "server",
    doc = "A user bears another name.",
    fields = {
      { "seq", "seq", doc = "The number of this public event" },
      { "time", "time", doc = "When" },
      { "who", "user", doc = "Who, with the old name" },
      { "new_name", "name", doc = "The new name" },
    },
  },
}

-- ---------------------------------------------------------------------------------------------------------------------
-- What follows is the same for every protocol. It declares a filter name for each field that the tables above describe,
-- and reads frames by these tables. A `view` is what it knows of a field: its type and its filter names. `r` is where
-- it is in a frame: bytes are taken from `r.at` on, up to `r.stop`. No byte is read before it is known to be there,
-- since Wireshark would end the dissection otherwise; what a sender has written wrongly becomes an expert info.

-- Loaded twice, as a plugin and by name, it is there already.
local LOADED = "dissector of " .. protocol.name
if rawget(_G, LOADED) then
  return
end
rawset(_G, LOADED, true)

-- Wireshark may know another protocol by that name, which then keeps it.
local function registered_protocol()
  for _, prefix in ipairs({ protocol.prefix, protocol.prefix .. "_lua" }) do
    for _, name in ipairs({ protocol.name, protocol.name .. " (Lua)" }) do
      local made, proto = pcall(Proto, prefix, name)
      if made then
        return prefix, proto
      end
    end
  end
  error("Wireshark has protocols called " .. protocol.prefix .. " and " .. protocol.prefix .. "_lua already")
end

local PREFIX, PROTO = registered_protocol()

-- -- Values -----------------------------------------------------------------------------------------------------------

-- Regular expressions: Wireshark 4 has the former, Wireshark 3 the latter; without either no form is checked.
local regular = rex_pcre2 or GRegex

-- Numbers of eight bytes do not fit into a number of Lua. As keys, and to be compared, they are their 16 digits.
local function uint64(range)
  return protocol.big_endian and range:uint64() or range:le_uint64()
end

local function small(range)
  return protocol.big_endian and range:uint() or range:le_uint()
end

local function comparable(range)
  return range:len() == 8 and uint64(range):tohex() or small(range)
end

-- A count or length as a number; those beyond 2^53 lose their last digits, which are far beyond any frame.
local function amount(range)
  return range:len() == 8 and uint64(range):tonumber() or small(range)
end

local function decimal(range)
  return range:len() == 8 and tostring(uint64(range)) or string.format("%.0f", small(range))
end

local function hexadecimal(range)
  return range:len() == 8 and uint64(range):tohex()
    or string.format(string.format("%%0%dx", 2 * range:len()), small(range))
end

local function in_bytes(number)
  local shown = type(number) == "number" and string.format("%.0f", number) or number
  return shown == "1" and "1 byte" or shown .. " bytes"
end

-- Whether a bit is set in a number that is given as hexadecimal digits.
local function has_bit(digits, position)
  local place = #digits - math.floor(position / 4)
  local digit = place > 0 and tonumber(digits:sub(place, place), 16) or 0
  return math.floor(digit / 2 ^ (position % 4)) % 2 == 1
end

local function common_bit(digits, others)
  for position = 0, 4 * #digits - 1 do
    if has_bit(digits, position) and has_bit(others, position) then
      return true
    end
  end
  return false
end

-- What is wrong with the characters of a string, or nil: they have to be UTF-8 (RFC 3629) and none of the forbidden.
local function wrong_characters(data, forbidden)
  local at = 1
  while at <= #data do
    local first, more, code, least = data:byte(at), 0, data:byte(at), 0
    if first >= 0xF0 and first <= 0xF4 then
      more, code, least = 3, first - 0xF0, 0x10000
    elseif first >= 0xE0 and first <= 0xEF then
      more, code, least = 2, first - 0xE0, 0x800
    elseif first >= 0xC2 and first <= 0xDF then
      more, code, least = 1, first - 0xC0, 0x80
    elseif first >= 0x80 then
      return string.format("not UTF-8: byte %d is 0x%02x", at, first)
    end
    for place = at + 1, at + more do
      local byte = data:byte(place)
      if not byte or byte < 0x80 or byte > 0xBF then
        return string.format("not UTF-8: the character at byte %d is cut", at)
      end
      code = code * 64 + byte - 0x80
    end
    if code < least or code > 0x10FFFF or (code >= 0xD800 and code <= 0xDFFF) then
      return string.format("not UTF-8: the bytes from %d on are no character", at)
    end
    for _, range in ipairs(forbidden or {}) do
      if code >= range[1] and code <= range[2] then
        return string.format("U+%04X is not allowed", code)
      end
    end
    at = at + 1 + more
  end
  return nil
end

-- The regular expression that a whole string has to match; false if it cannot be had.
local function compiled(form)
  if not regular then
    return false
  end
  local made, regex = pcall(regular.new, "\\A(?:" .. form .. ")\\z", rex_pcre2 and rex_pcre2.flags().UTF or nil)
  return made and regex
end

-- Whether a string has the form of its type; true where that cannot be told.
local function has_form(type_, data)
  if type_.regex == nil then
    type_.regex = compiled(type_.form)
  end
  if not type_.regex then
    return true
  end
  local tried, place = pcall(type_.regex.find, type_.regex, data)
  return not tried or place ~= nil
end

-- What has no place in a line though it is UTF-8: controls of two bytes, separators of lines, what turns the direction
-- of the text, and noncharacters.
local UNSHOWN = { "\194[\128-\159]", "\226\128[\168-\174]", "\226\129[\166-\169]", "\239\191[\190\191]" }

-- The text as it stands in a line: short, and with nothing in it that cannot be shown.
local function quoted(data, is_utf8)
  if data:match("^[%w_-]+$") and #data <= 40 then
    return data
  end
  local cut = data
  if #data > 60 then
    cut = data:sub(1, 60)
    while cut ~= "" and data:byte(#cut + 1) >= 0x80 and data:byte(#cut + 1) <= 0xBF do
      cut = cut:sub(1, -2)
    end
  end
  local shown = cut:gsub(is_utf8 and '[%c"\\]' or '[%c"\\\128-\255]', function(c)
    local short = { ["\n"] = "\\n", ["\t"] = "\\t", ['"'] = '\\"', ["\\"] = "\\\\" }
    return short[c] or string.format("\\x%02x", c:byte())
  end)
  for _, unshown in ipairs(is_utf8 and UNSHOWN or {}) do
    shown = shown:gsub(unshown, "?")
  end
  return '"' .. shown .. (cut == data and "" or "…") .. '"'
end

-- -- Filter names -----------------------------------------------------------------------------------------------------

local WIDTHS = { [1] = ProtoField.uint8, [2] = ProtoField.uint16, [4] = ProtoField.uint32, [8] = ProtoField.uint64 }
local declared, taken = {}, {}

-- A filter name. Where it is taken already, by a field of the protocol, what is none gets an underscore.
local function declare(make, path, ...)
  while taken[path] do
    path = path .. "_"
  end
  taken[path] = true
  local field = make(PREFIX .. "." .. path, ...)
  table.insert(declared, field)
  return field
end

local function title(name)
  return (name:gsub("_", " "):gsub("^%l", string.upper))
end

-- What a count is called, by the kind of what is behind it.
local COUNTS = { string = "length", bytes = "length", array = "count" }

local views_of

-- Units whose numbers are moments, and how many of them a second has.
local MOMENTS = { s = 1, ms = 1000, us = 1000000, ["µs"] = 1000000, ns = 1000000000 }

local function declare_number(view, path, doc)
  local type_, shown, names = view.type, base.DEC, nil
  if type_.kind == "bool" then
    view.node = declare(ProtoField.bool, path, view.label, base.NONE, nil, nil, doc)
    return
  end
  local moment = view.unit and view.unit:match("^(%S+) since .*epoch")
  view.per_second = moment and MOMENTS[moment]
  if type_.kind == "enum" then
    if type_.size < 8 then
      names = {}
      for number, value in pairs(type_.values) do
        names[number] = value[1]
      end
    end
  elseif view.const or type_.kind == "bits" then
    shown = base.HEX
  elseif view.unit then
    shown, names = base.UNIT_STRING, { " " .. view.unit }
  elseif type_.hexadecimal then
    shown = base.HEX_DEC
  end
  view.node = declare(WIDTHS[type_.size], path, view.label, shown, names, nil, doc)
  if view.per_second then
    view.moment = declare(ProtoField.absolute_time, path .. ".date", view.label .. " as date", base.LOCAL, doc)
  end
  view.bits = {}
  for _, bit in ipairs(type_.bits or {}) do
    local name, position, about = bit[1], bit[2], bit[3]
    local mask = type_.size < 8 and 2 ^ position or nil
    local width = mask and 8 * type_.size or base.NONE
    local node = declare(ProtoField.bool, path .. "." .. name:lower(), title(name:lower()), width, nil, mask, about)
    table.insert(view.bits, { node = node, name = name, position = position, masked = mask ~= nil })
  end
end

-- What is known of a field: its type, its filter names and those of what is in it, whose own come first.
local function view_of(path, field, inner)
  local type_ = types[field[2]]
  local view = { name = field[1], label = title(field[1]), type = type_, const = field.const }
  view.unit = field.unit or type_.unit
  view.quiet = field.quiet or field.const ~= nil
  local doc = field.doc or ""
  if type_.kind == "struct" then
    view.members = views_of(inner or path, type_.fields)
    view.node = declare(ProtoField.none, path, view.label, doc)
  elseif type_.kind == "array" then
    view.item = view_of(path .. ".item", { "item", type_.item, doc = doc }, path)
    view.node = declare(ProtoField.none, path, view.label, doc)
  elseif type_.kind == "string" then
    view.node = declare(ProtoField.string, path, view.label, nil, doc)
  elseif type_.kind == "bytes" then
    view.node = declare(ProtoField.bytes, path, view.label, base.NONE, doc)
  else
    declare_number(view, path, doc)
  end
  local count = COUNTS[type_.kind]
  if count then
    view.count_label = view.label .. " " .. count
    view.count = declare(WIDTHS[type_.count], path .. "." .. count, view.count_label, base.DEC)
  end
  return view
end

function views_of(path, fields)
  local views = {}
  for _, field in ipairs(fields) do
    table.insert(views, view_of(path == "" and field[1] or path .. "." .. field[1], field))
  end
  return views
end

-- What is known of the header, of each message by its number, and of what is not the protocol's own.
local frame = protocol.frame
local header, by_number, critical_mask = {}, {}, frame.critical_flags
for _, field in ipairs(frame.fields) do
  local names
  if field.role == "type" and field.size < 8 then
    names = {}
    for number, message in pairs(messages) do
      names[number] = message.name
    end
  end
  local shown = (field.const or field.role == "flags") and base.HEX or field.role == "type" and base.HEX_DEC or base.DEC
  local node = declare(WIDTHS[field.size], field[1], title(field[1]), shown, names, nil, field.doc)
  local view = { name = field[1], size = field.size, role = field.role, const = field.const, node = node }
  view.type, view.label = { kind = "integer", size = field.size }, title(field[1])
  table.insert(header, view)
end
for number, message in pairs(messages) do
  local path = message.name:lower()
  local views = { name = message.name, kind = message.kind, sender = message.sender, optional = {} }
  views.node = declare(ProtoField.none, path, message.name, message.doc)
  views.fields = views_of(path, message.fields)
  for tag, field in pairs(message.optional or {}) do
    views.optional[tag] = view_of(path .. "." .. field[1], field)
  end
  by_number[number] = views
end

local extension = frame.extension
local node = {
  body = declare(ProtoField.bytes, "body", "Body", base.NONE, "The body of a message that is not known here"),
  undecoded = declare(ProtoField.bytes, "undecoded", "Not decoded", base.NONE, "What stands behind a fault"),
  request_in = declare(ProtoField.framenum, "request_in", "Request in", base.NONE, frametype.REQUEST),
  response_in = declare(ProtoField.framenum, "response_in", "Response in", base.NONE, frametype.RESPONSE),
  response_time = declare(ProtoField.relative_time, "response_time", "Time since the request"),
}
if extension then
  node.extension = declare(ProtoField.none, "extension", "Extension")
  node.tag = declare(WIDTHS[extension.tag], "extension.tag", "Tag", base.DEC)
  node.size = declare(WIDTHS[extension.count], "extension.length", "Length", base.DEC)
  node.value = declare(ProtoField.bytes, "extension.value", "Value")
end
if critical_mask and frame.flags < 8 then
  local mask, all = tonumber(critical_mask, 16), 2 ^ (8 * frame.flags) - 1
  local make, name = WIDTHS[frame.flags], frame.flags_name
  node.critical = declare(make, name .. ".critical", "Critical", base.HEX, nil, mask, "To be known, or refused")
  if mask < all then
    node.ignorable = declare(make, name .. ".ignorable", "Ignorable", base.HEX, nil, all - mask, "May be ignored")
  end
end
PROTO.fields = declared

local function expert_info(name, text, group, severity)
  while taken[name] do
    name = name .. "_"
  end
  return ProtoExpert.new(PREFIX .. "." .. name, text, group, severity)
end

local experts = {
  malformed = expert_info("malformed", "Malformed", expert.group.MALFORMED, expert.severity.ERROR),
  refused = expert_info("invalid", "Not valid", expert.group.PROTOCOL, expert.severity.WARN),
  unknown = expert_info("unknown", "Not known here", expert.group.UNDECODED, expert.severity.NOTE),
}
PROTO.experts = { experts.malformed, experts.refused, experts.unknown }

-- -- Reading ----------------------------------------------------------------------------------------------------------

-- Notes what is wrong with an item, by its label (nil for the frame), and the code with which the protocol answers it.
local function fault(item, label, reason, code)
  local malformed = code == nil or code == codes.malformed or code == codes.too_large
  local text = string.format("%s%s [%s]", label and label .. ": " or "", reason, code or codes.malformed)
  item:add_proto_expert_info(malformed and experts.malformed or experts.refused, text)
end

local CUT = {}

-- Raised where the rest cannot be read. `dissect` shows the reason, unless an item bears it already.
local function cut(reason)
  error(setmetatable({ reason = reason }, CUT), 0)
end

-- The same for a count that says more than there is; that of a frame which the capture has cut may well be right.
local function cut_at(r, item, label, range)
  if not r.short then
    fault(item, label, string.format("%s, and %d of %s are left", in_bytes(decimal(range)), r.stop - r.at, r.what))
  end
  cut()
end

local function take(r, size, label)
  local left = r.stop - r.at
  if size > left then
    cut(string.format("%s ends inside %s", r.what, label))
  end
  local range = r.tvb:range(r.at, size)
  r.at = r.at + size
  return range
end

local function add(tree, field, range)
  if protocol.big_endian then
    return tree:add(field, range)
  end
  return tree:add_le(field, range)
end

local function constant(view)
  return type(view.const) == "string" and "0x" .. view.const or string.format("%#x", view.const)
end

-- The moment that a number tells of, if that is before the year 10000.
local function show_moment(item, view, range)
  local number, per_second = amount(range), view.per_second
  local seconds = math.floor(number / per_second)
  if seconds < 253402300800 then
    local rest = math.floor((number % per_second) * (1000000000 / per_second))
    item:add(view.moment, range, NSTime.new(seconds, rest)):set_generated()
    local shown = os.date("!%Y-%m-%d %H:%M:%S", seconds)
    item:append_text(string.format(" (%s.%03d UTC)", shown, math.floor(rest / 1000000)))
  end
end

local function spans(milliseconds)
  local seconds = milliseconds / 1000
  for _, step in ipairs({ { 86400, "d" }, { 3600, "h" }, { 60, "min" } }) do
    if seconds >= step[1] and seconds % step[1] == 0 then
      return string.format("%.15g %s", seconds / step[1], step[2])
    end
  end
  return string.format("%.15g s", seconds)
end

local read = {}

function read.integer(r, tree, view)
  local type_ = view.type
  local range = take(r, type_.size, view.label)
  local item, value = add(tree, view.node, range), comparable(range)
  if view.const then
    if value ~= view.const then
      fault(item, view.label, "is not " .. constant(view))
    end
  elseif type_.min and value < type_.min then
    fault(item, view.label, "less than " .. (type_.least or type_.min))
  elseif type_.max and value > type_.max then
    fault(item, view.label, "more than " .. (type_.most or type_.max))
  end
  if view.per_second then
    show_moment(item, view, range)
    return nil
  elseif view.unit == "ms" and amount(range) >= 1000 then
    item:append_text(" (" .. spans(amount(range)) .. ")")
  end
  local shown = decimal(range)
  if view.unit then
    return shown ~= "0" and shown or nil
  end
  return type_.hexadecimal and "0x" .. hexadecimal(range) or shown
end

function read.bool(r, tree, view)
  local range = take(r, view.type.size, view.label)
  local item, shown = add(tree, view.node, range), decimal(range)
  if shown ~= "0" and shown ~= "1" then
    fault(item, view.label, shown .. " is neither 0 nor 1")
  end
  return shown == "0" and "false" or "true"
end

function read.enum(r, tree, view)
  local range = take(r, view.type.size, view.label)
  local item, value = add(tree, view.node, range), view.type.values[comparable(range)]
  if value then
    item:append_text((view.type.size == 8 and " " .. value[1] or "") .. (value[2] and ": " .. value[2] or ""))
    return value[1]
  elseif not view.type.open then
    fault(item, view.label, decimal(range) .. " is none of the values")
  end
  return decimal(range)
end

function read.bits(r, tree, view)
  local range = take(r, view.type.size, view.label)
  local item, digits, names = add(tree, view.node, range), hexadecimal(range), {}
  for _, bit in ipairs(view.bits) do
    local set = has_bit(digits, bit.position)
    if bit.masked then
      add(item, bit.node, range)
    else
      item:add(bit.node, range, set)
    end
    if set then
      table.insert(names, bit.name)
    end
  end
  if #names > 0 then
    item:append_text(" (" .. table.concat(names, ", ") .. ")")
    return table.concat(names, "|")
  end
  return nil
end

-- The bytes behind a count of them, and the item of the count.
local function counted(r, tree, view)
  local range = take(r, view.type.count, view.count_label)
  local item, size = add(tree, view.count, range), amount(range)
  if size > r.stop - r.at then
    cut_at(r, item, view.label, range)
  end
  return take(r, size, view.label), item
end

function read.string(r, tree, view)
  local range, length = counted(r, tree, view)
  local item, type_ = tree:add_packet_field(view.node, range, ENC_UTF_8), view.type
  local data = range:len() > 0 and range:raw() or ""
  local wrong = wrong_characters(data)
  if #data < type_.min then
    fault(length, view.label, in_bytes(#data) .. ", fewer than " .. type_.min, type_.min_code)
  elseif #data > type_.max then
    fault(length, view.label, in_bytes(#data) .. ", more than " .. type_.max, type_.max_code)
  elseif wrong then
    fault(item, view.label, wrong, type_.form_code)
  elseif type_.forbidden then
    local forbidden = wrong_characters(data, type_.forbidden)
    if forbidden then
      fault(item, view.label, forbidden, type_.form_code)
    end
  elseif type_.form and not has_form(type_, data) then
    fault(item, view.label, "not of the form " .. type_.form, type_.form_code)
  end
  if data == "" then
    return nil
  end
  return quoted(data, wrong == nil)
end

function read.bytes(r, tree, view)
  local range, length = counted(r, tree, view)
  if range:len() > 0 then
    add(tree, view.node, range)
  end
  if range:len() > view.type.max then
    fault(length, view.label, in_bytes(range:len()) .. ", more than " .. view.type.max, view.type.max_code)
  end
  return in_bytes(range:len())
end

-- Read the fields; returns what each says in short.
local function read_all(r, tree, views)
  local words, texts = {}, {}
  for _, view in ipairs(views) do
    local said = read[view.type.kind](r, tree, view)
    if said and not view.quiet then
      table.insert(words, view.name .. "=" .. said)
      if view.type.kind == "string" then
        table.insert(texts, said)
      end
    end
  end
  return words, texts
end

function read.struct(r, tree, view)
  local start, item = r.at, tree:add(view.node, r.tvb:range(r.at, 0))
  local words, texts = read_all(r, item, view.members)
  item:set_len(r.at - start)
  if view.number then
    item:set_text("[" .. view.number .. "] ")
  else
    item:append_text(": ")
  end
  item:append_text(table.concat(words, ", "))
  return #texts > 0 and table.concat(texts, " ") or nil
end

function read.array(r, tree, view)
  local start, type_ = r.at, view.type
  local item = tree:add(view.node, r.tvb:range(r.at, 0))
  local range = take(r, type_.count, view.count_label)
  local length, number = add(item, view.count, range), amount(range)
  item:append_text(": " .. decimal(range))
  if number > type_.max then
    fault(length, view.label, decimal(range) .. " items, more than " .. type_.max)
    cut()
  end
  for index = 1, number do
    local before = r.at
    view.item.number = index - 1
    read[view.item.type.kind](r, item, view.item)
    if r.at == before then
      break -- Items without bytes are all alike, and their number is a word of the sender's.
    end
  end
  item:set_len(r.at - start)
  return decimal(range)
end

-- -- Extensions -------------------------------------------------------------------------------------------------------

-- The value of a record that is a field; it has to fill the record.
local function read_optional(r, tree, view, stop)
  local inner = { tvb = r.tvb, at = r.at, stop = stop, what = "the extension", short = r.short }
  local words = read_all(inner, tree, { view })
  r.at = stop
  if inner.at < stop then
    tree:add(node.undecoded, r.tvb:range(inner.at, stop - inner.at))
    fault(tree, view.label, in_bytes(stop - inner.at) .. " of the extension behind the value")
  end
  return words[1]
end

local function read_extension(r, tree, message, seen)
  local item = tree:add(node.extension, r.tvb:range(r.at, r.stop - r.at))
  if r.stop - r.at < extension.tag + extension.count then
    if not r.short then
      fault(item, nil, in_bytes(r.stop - r.at) .. " behind the fields, which are no extension")
    end
    cut()
  end
  local start, tag_range = r.at, take(r, extension.tag, "the tag of an extension")
  local tag = comparable(tag_range)
  local view, odd = message.optional[tag], has_bit(hexadecimal(tag_range), 0)
  add(item, node.tag, tag_range)
  local range = take(r, extension.count, "the length of an extension")
  local length, size = add(item, node.size, range), amount(range)
  item:append_text(string.format(": tag %s, %s", decimal(tag_range), in_bytes(decimal(range))))
  if size > r.stop - r.at then
    cut_at(r, length, "Extension", range)
  end
  item:set_len(r.at - start + size)
  if size > extension.max then
    fault(length, "Extension", in_bytes(size) .. ", more than " .. extension.max, extension.code)
  end
  if seen[tag] then
    item:add_proto_expert_info(experts.unknown, "The same tag again; the first counts")
  elseif view then
    item:append_text(", " .. view.label)
    seen[tag] = true
    return read_optional(r, item, view, r.at + size)
  elseif odd then
    fault(item, "Extension", "critical, and not known here", codes.unsupported_critical)
  end
  seen[tag] = true
  if size > 0 then
    add(item, node.value, take(r, size, "an extension"))
  end
  return nil
end

-- -- Frames -----------------------------------------------------------------------------------------------------------

-- By packet and number within it: what else is known of a frame. By sender and correlation: requests without a reply.
local links, waiting = {}, {}

function PROTO.init()
  links, waiting = {}, {}
end

local stream = Field.new("tcp.stream")

-- Which side has sent the packet: by the port at which this dissector was asked for; nil if that tells nothing.
local function sender_of(pinfo)
  if pinfo.match_uint == pinfo.src_port ~= (pinfo.match_uint == pinfo.dst_port) then
    return pinfo.match_uint == pinfo.dst_port and "client" or "server"
  end
  return nil
end

-- Which request a reply answers, and the other way round.
local function link(r, pinfo, tree, message, correlation)
  local found = { stream() }
  local here = links[r.key] or {}
  if #found > 0 and not pinfo.visited and correlation then
    local number = tostring(found[#found].value)
    local sender = string.format("%s|%s:%d|%s", number, tostring(pinfo.src), pinfo.src_port, correlation)
    local receiver = string.format("%s|%s:%d|%s", number, tostring(pinfo.dst), pinfo.dst_port, correlation)
    here = { frame = pinfo.number, at = pinfo.rel_ts, name = message.name }
    links[r.key] = here
    if message.kind == "request" then
      waiting[sender] = waiting[sender] or {}
      table.insert(waiting[sender], here)
    elseif message.kind == "reply" and waiting[receiver] and #waiting[receiver] > 0 then
      here.request = table.remove(waiting[receiver], 1)
      here.request.reply = here
    end
  end
  if here.reply then
    local item = tree:add(node.response_in, here.reply.frame)
    item:set_generated():append_text(" (" .. here.reply.name .. ")")
  elseif here.request then
    local item, since = tree:add(node.request_in, here.request.frame), math.max(here.at - here.request.at, 0)
    item:set_generated():append_text(" (" .. here.request.name .. ")")
    local seconds = math.floor(since)
    tree:add(node.response_time, NSTime.new(seconds, math.floor((since - seconds) * 1000000000))):set_generated()
  end
end

-- Why a length cannot be that of a frame, or nil. Behind such a one nobody can tell where the next frame begins.
local function senseless(length)
  if length > protocol.longest then
    return "length beyond any frame"
  elseif length < frame.least then
    return "length of less than a header"
  end
  return nil
end

-- Read the header; returns the message, or nil if its type is not known, and the correlation.
local function read_header(r, tree)
  local message, correlation, number
  for _, view in ipairs(header) do
    local range = take(r, view.size, view.label)
    local item, value = add(tree, view.node, range), comparable(range)
    if view.role == "length" then
      r.senseless = senseless(amount(range))
      if r.senseless then
        local code = amount(range) > protocol.longest and codes.too_large or codes.malformed
        fault(item, nil, r.senseless .. "; what follows is not taken for its bytes", code)
      end
    elseif view.role == "type" then
      message, number = by_number[value], item
      r.name = message and message.name or "type " .. decimal(range)
      if view.size == 8 then
        item:append_text(message and " (" .. message.name .. ")" or "")
      end
    elseif view.role == "flags" and critical_mask then
      for _, part in ipairs({ node.critical or false, node.ignorable or false }) do
        if part then
          add(item, part, range)
        end
      end
      if common_bit(hexadecimal(range), critical_mask) then
        fault(item, view.label, "a critical one is set that is not known here", codes.unsupported_critical)
      end
    elseif view.role == "correlation" then
      correlation = decimal(range)
    elseif view.const and value ~= view.const then
      fault(item, view.label, "is not " .. constant(view))
    end
    if r.senseless then
      return nil
    end
  end
  return message, correlation, number
end

local function read_frame(r, pinfo, tree)
  local message, correlation, number = read_header(r, tree)
  if r.senseless then
    return
  elseif not message then
    number:add_proto_expert_info(experts.unknown, "This type is not known here [" .. codes.unknown_type .. "]")
    if r.stop > r.at then
      tree:add(node.body, take(r, r.stop - r.at, "the body"))
    end
    return
  end
  local sender = sender_of(pinfo)
  if sender and message.sender ~= "either" and message.sender ~= sender then
    fault(number, nil, string.format("a %s does not send %s", sender, message.name), codes.unexpected)
  end
  tree:add(message.node, r.tvb:range()):set_hidden() -- So that a filter can be the name of a message.
  link(r, pinfo, tree, message, correlation)
  r.words = read_all(r, tree, message.fields)
  local seen = {}
  while extension and r.at < r.stop do
    table.insert(r.words, read_extension(r, tree, message, seen))
  end
  if r.at < r.stop then
    cut(in_bytes(r.stop - r.at) .. " behind the last field")
  end
end

-- Add what a frame says to the line of its packet, which other frames may share; of very many the first are enough.
local function add_info(pinfo, text)
  local column = pinfo.cols.info
  column:clear() -- What TCP has said; our own is behind a fence.
  local before = tostring(column)
  if #before < 300 then
    column:append((before == "" and "" or ", ") .. text)
    column:fence()
  elseif not before:find("…$") then
    column:append(", …")
    column:fence()
  end
end

-- One whole frame; or all that is left of a segment, if its length makes no sense.
local function dissect(tvb, pinfo, tree)
  local count = (tonumber(pinfo.private[PREFIX]) or 0) + 1
  pinfo.private[PREFIX] = tostring(count)
  local item = tree:add(PROTO, tvb:range())
  local r = { tvb = tvb, at = 0, stop = tvb:len(), short = tvb:reported_len() > tvb:len(), what = "the frame" }
  r.words, r.name, r.key = {}, "", pinfo.number .. "." .. count
  local done, problem = pcall(read_frame, r, pinfo, item)
  if not done and getmetatable(problem) ~= CUT then
    error(problem, 0)
  end
  local short = r.name .. (#r.words > 0 and " " .. table.concat(r.words, " ") or "")
  if not done and r.short then
    short = short .. " [cut by the capture]"
  elseif not done then
    if problem.reason then
      fault(item, nil, problem.reason)
    end
    short = short .. " [malformed]"
  elseif r.senseless then
    short = "[" .. r.senseless .. "]"
  end
  if r.at < r.stop then
    item:add(node.undecoded, tvb:range(r.at, r.stop - r.at))
  end
  item:append_text(", " .. short)
  add_info(pinfo, short)
  return tvb:len()
end

-- The bytes of the frame that begins at the offset. One whose length makes no sense is not waited for.
local function frame_size(tvb, _, offset)
  local length = amount(tvb:range(offset + frame.length_at, frame.length_size))
  if senseless(length) then
    return tvb:len() - offset
  end
  return frame.prefix + length
end

function PROTO.dissector(tvb, pinfo, tree)
  pinfo.cols.protocol = protocol.short
  dissect_tcp_pdus(tvb, tree, frame.prefix, frame_size, dissect)
  return tvb:len()
end

-- -- Where it is asked for --------------------------------------------------------------------------------------------

-- A connection at any port is taken for this protocol if its first bytes are a frame with at least four fixed ones.
local function recognise(tvb, pinfo, tree)
  local at, fixed, fields = 0, 0, nil
  local function holds(size, const)
    local good = at + size <= tvb:len() and (not const or comparable(tvb:range(at, size)) == const)
    at, fixed = at + size, fixed + (const and size or 0)
    return good
  end
  for _, view in ipairs(header) do
    if not holds(view.size, view.const) then
      return false
    end
    local range = tvb:range(at - view.size, view.size)
    if view.role == "length" and senseless(amount(range)) then
      return false
    elseif view.role == "type" then
      fields = by_number[comparable(range)]
    end
  end
  if not fields then
    return false
  end
  for _, view in ipairs(fields.fields) do
    if not view.const then
      break
    elseif not holds(view.type.size, view.const) then
      return false
    end
  end
  if fixed < 4 then
    return false
  end
  pinfo.conversation = PROTO
  PROTO.dissector(tvb, pinfo, tree)
  return true
end

if protocol.recognisable then
  PROTO:register_heuristic("tcp", recognise)
end

local TABLES = { { "tcp.port", "ports", "TCP ports" }, { "tls.port", "tls_ports", "TLS ports" } }
local registered = {}

local function register()
  for _, entry in ipairs(TABLES) do
    local ports, dissectors = tostring(PROTO.prefs[entry[2]] or ""), DissectorTable.get(entry[1])
    if registered[entry[1]] and registered[entry[1]] ~= "" then
      dissectors:remove(registered[entry[1]], PROTO)
    end
    if ports ~= "" then
      dissectors:add(ports, PROTO)
    end
    registered[entry[1]] = ports
  end
end

for _, entry in ipairs(TABLES) do
  PROTO.prefs[entry[2]] = Pref.range(entry[3], protocol[entry[2]], "Where a server of this protocol listens", 65535)
  DissectorTable.get(entry[1]):add_for_decode_as(PROTO)
end
PROTO.prefs.longest = Pref.uint("Longest frame", protocol.longest, "A greater length is a fault and not waited for")

function PROTO.prefs_changed()
  protocol.longest = PROTO.prefs.longest
  register()
end

register()
