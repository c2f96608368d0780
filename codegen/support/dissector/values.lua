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
