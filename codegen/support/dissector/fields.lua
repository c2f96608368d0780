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
