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
