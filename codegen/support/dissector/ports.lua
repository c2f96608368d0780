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
