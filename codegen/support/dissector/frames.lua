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
