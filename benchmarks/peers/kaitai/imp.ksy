# Four messages of the Instant Messenger Protocol, flat, as a user of Kaitai Struct would lay them out for speed.
meta:
  id: imp
  title: Instant Messenger Protocol, four messages
  license: MIT
  endian: be
  encoding: UTF-8
types:
  user:
    seq:
      - {id: session_id, type: u8, valid: {min: 1}}
      - {id: len_name, type: u1, valid: {min: 1, max: 24}}
      - {id: name, type: str, size: len_name}
  pm:
    seq:
      - {id: length, type: u4}
      - {id: type, type: u1, valid: 0x03}
      - {id: flags, type: u1}
      - {id: request_id, type: u4}
      - {id: len_to, type: u1, valid: {min: 1, max: 24}}
      - {id: to, type: str, size: len_to}
      - {id: len_text, type: u2, valid: {min: 1, max: 4096}}
      - {id: text, type: str, size: len_text}
  chat:
    seq:
      - {id: length, type: u4}
      - {id: type, type: u1, valid: 0xc0}
      - {id: flags, type: u1}
      - {id: request_id, type: u4}
      - {id: seq, type: u8}
      - {id: time, type: u8}
      - {id: who, type: user}
      - {id: len_text, type: u2, valid: {min: 1, max: 4096}}
      - {id: text, type: str, size: len_text}
  roster:
    seq:
      - {id: length, type: u4}
      - {id: type, type: u1, valid: 0x82}
      - {id: flags, type: u1}
      - {id: request_id, type: u4}
      - {id: num_entries, type: u2, valid: {max: 4096}}
      - {id: entries, type: user, repeat: expr, repeat-expr: num_entries}
      - {id: more, type: u1, valid: {max: 1}}
  welcome:
    seq:
      - {id: length, type: u4}
      - {id: type, type: u1, valid: 0x80}
      - {id: flags, type: u1}
      - {id: request_id, type: u4}
      - {id: version, type: u2}
      - {id: capabilities, type: u4}
      - {id: session_id, type: u8, valid: {min: 1}}
      - {id: len_name, type: u1, valid: {min: 1, max: 24}}
      - {id: name, type: str, size: len_name}
      - {id: len_server_name, type: u1, valid: {min: 1, max: 64}}
      - {id: server_name, type: str, size: len_server_name}
      - {id: seq, type: u8}
      - {id: time, type: u8}
      - {id: max_frame, type: u4}
      - {id: max_text, type: u2}
      - {id: max_name, type: u1}
      - {id: send_queue, type: u4}
      - {id: hello_tries, type: u1}
      - {id: rate_burst, type: u4}
      - {id: rate_per_second, type: u4}
      - {id: flood_strikes, type: u2}
      - {id: max_connections, type: u4}
      - {id: connections_per_address, type: u4}
      - {id: attempts_per_minute, type: u4}
      - {id: handshake_timeout, type: u4}
      - {id: frame_timeout, type: u4}
      - {id: ping_after, type: u4}
      - {id: pong_timeout, type: u4}
      - {id: close_drain, type: u4}
