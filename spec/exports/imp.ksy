# Generated from spec/imp.yaml by `python -m codegen`. Do not edit: change the spec and generate again.
meta:
  id: imp
  title: Instant Messenger Protocol 1.0
  ks-version: '0.11'
  endian: be
  encoding: UTF-8
doc: |-
  IMP carries a conversation among many people over one server: they choose a name, say things to
  all or to one, see who is there, and come and go. It is binary, framed, ordered and small. This
  document tells everything that an implementer of a server or a client needs.

  This reads a stream from its beginning to its end. The type frame reads one frame, and can be
  used alone where a program cuts the stream into frames itself. What breaks the protocol is
  refused: a number, count or length, a character of a string, a critical flag or extension that
  is not known here. The body of a frame of unknown type is bytes.
doc-ref: protocol.txt
seq:
  - id: frames
    type: frame
    repeat: eos
types:
  frame:
    doc: |-
      Every message travels in one frame: a header of 10 bytes, then the body. The body holds the
      fields of the message in the order of its table, then any number of extensions.
    doc-ref: protocol.txt, section 4
    seq:
      - id: length
        type: u4
        valid:
          min: 6
        doc: Bytes that follow this field
      - id: type
        type: u1
        enum: message_type
        doc: Which message this is
      - id: flags
        type: u1
        valid:
          expr: (_ & 0x0f) == 0
        doc: None is defined in version 1; senders write 0
      - id: request_id
        type: u4
        doc: Chosen by the requester, repeated in the reply, 0 where nothing is answered
      - id: body
        size: length - 6
        type:
          switch-on: type
          cases:
            message_type::hello: hello
            message_type::say: say
            message_type::pm: pm
            message_type::who: who
            message_type::rename: rename
            message_type::leave: leave
            message_type::ping: ping
            message_type::pong: pong
            message_type::welcome: welcome
            message_type::ok: ok
            message_type::roster: roster
            message_type::error: error
            message_type::goodbye: goodbye
            message_type::chat: chat
            message_type::whisper: whisper
            message_type::notice: notice
            message_type::joined: joined
            message_type::left: left
            message_type::renamed: renamed
  hello:
    doc: |-
      The client says which versions it speaks and which name it wants.
      Request 0x01, sent by the client.
    doc-ref: protocol.txt, section 12.1
    seq:
      - id: magic
        type: u4
        valid: 0x494d5031
        doc: The ASCII letters IMP1, which tell an IMP client from any other
      - id: min_version
        type: u2
        doc: |-
          The lowest version that the client speaks
          version: Major version in the high byte, minor in the low one. Version 1.0 is 0x0100.
      - id: max_version
        type: u2
        doc: |-
          The highest version that the client speaks
          version: Major version in the high byte, minor in the low one. Version 1.0 is 0x0100.
      - id: capabilities
        type: u4
        doc: |-
          What the client can do besides version 1.0
          capabilities: One bit for each optional part of the protocol. Version 1.0 defines none.
      - id: len_name
        type: u1
        valid:
          min: 1
          max: 24
      - id: name
        type: str
        size: len_name
        valid:
          expr: form_of_name.holds
        doc: |-
          The name that the user wants to bear
          name: A user's name, as its holder wrote it. It has the form [A-Za-z][A-Za-z0-9_-]*.
      - id: extensions
        type: extension
        repeat: eos
    instances:
      form_of_name:
        pos: _io.pos - len_name
        size: len_name + 0
        type: name_form
  say:
    doc: |-
      The user says something to all.
      Request 0x02, sent by the client.
    doc-ref: protocol.txt, section 12.2
    seq:
      - id: len_text
        type: u2
        valid:
          min: 1
          max: 4096
      - id: text
        type: str
        size: len_text
        valid:
          expr: form_of_text.holds
        doc: |-
          What is said
          text: What somebody said. It holds no character of U+0000-U+0008, U+000B-U+001F, U+007F-U+009F.
      - id: extensions
        type: extension
        repeat: eos
    instances:
      form_of_text:
        pos: _io.pos - len_text
        size: len_text + 0
        type: text_form
  pm:
    doc: |-
      The user says something to one other user.
      Request 0x03, sent by the client.
    doc-ref: protocol.txt, section 12.3
    seq:
      - id: len_to
        type: u1
        valid:
          min: 1
          max: 24
      - id: to
        type: str
        size: len_to
        valid:
          expr: form_of_to.holds
        doc: |-
          Who shall get it, compared without case
          name: A user's name, as its holder wrote it. It has the form [A-Za-z][A-Za-z0-9_-]*.
      - id: len_text
        type: u2
        valid:
          min: 1
          max: 4096
      - id: text
        type: str
        size: len_text
        valid:
          expr: form_of_text.holds
        doc: |-
          What is said
          text: What somebody said. It holds no character of U+0000-U+0008, U+000B-U+001F, U+007F-U+009F.
      - id: extensions
        type: extension
        repeat: eos
    instances:
      form_of_to:
        pos: _io.pos - len_to
        size: len_to + 0
        type: name_form
      form_of_text:
        pos: _io.pos - len_text
        size: len_text + 0
        type: text_form
  who:
    doc: |-
      The user asks who is there, a page at a time.
      Request 0x04, sent by the client.
    doc-ref: protocol.txt, section 12.4
    seq:
      - id: len_after
        type: u1
        valid:
          max: 24
      - id: after
        type: str
        size: len_after
        valid:
          expr: form_of_after.holds
        doc: |-
          The page begins behind this name; empty for the first page
          cursor: A name, or nothing at all. It has the form ([A-Za-z][A-Za-z0-9_-]*)?.
      - id: limit
        type: u2
        doc: The most users to tell; 0 leaves it to the server (users)
      - id: extensions
        type: extension
        repeat: eos
    instances:
      form_of_after:
        pos: _io.pos - len_after
        size: len_after + 0
        type: cursor_form
  rename:
    doc: |-
      The user wants another name.
      Request 0x05, sent by the client.
    doc-ref: protocol.txt, section 12.5
    seq:
      - id: len_name
        type: u1
        valid:
          min: 1
          max: 24
      - id: name
        type: str
        size: len_name
        valid:
          expr: form_of_name.holds
        doc: |-
          The new name
          name: A user's name, as its holder wrote it. It has the form [A-Za-z][A-Za-z0-9_-]*.
      - id: extensions
        type: extension
        repeat: eos
    instances:
      form_of_name:
        pos: _io.pos - len_name
        size: len_name + 0
        type: name_form
  leave:
    doc: |-
      The user goes.
      Request 0x06, sent by the client.
    doc-ref: protocol.txt, section 12.6
    seq:
      - id: extensions
        type: extension
        repeat: eos
  ping:
    doc: |-
      Are you there, and have you done all that I asked before?
      Request 0x40, sent by either side.
    doc-ref: protocol.txt, section 12.7
    seq:
      - id: nonce
        type: u8
        doc: Any number; PONG repeats it
      - id: extensions
        type: extension
        repeat: eos
  pong:
    doc: |-
      The answer to PING.
      Reply 0x41, sent by either side.
    doc-ref: protocol.txt, section 12.8
    seq:
      - id: nonce
        type: u8
        doc: The nonce of the PING
      - id: extensions
        type: extension
        repeat: eos
  welcome:
    doc: |-
      The client is a user now; these are the server's limits.
      Reply 0x80, sent by the server.
    doc-ref: protocol.txt, section 12.9
    seq:
      - id: version
        type: u2
        doc: |-
          The version spoken from now on
          version: Major version in the high byte, minor in the low one. Version 1.0 is 0x0100.
      - id: capabilities
        type: u4
        doc: |-
          What both sides can do besides version 1.0
          capabilities: One bit for each optional part of the protocol. Version 1.0 defines none.
      - id: session_id
        type: u8
        valid:
          min: 1
        doc: |-
          This stay of the user
          session_id: Names one stay of one user (NAME-7, NAME-8).
      - id: len_name
        type: u1
        valid:
          min: 1
          max: 24
      - id: name
        type: str
        size: len_name
        valid:
          expr: form_of_name.holds
        doc: |-
          The name that the user bears now, as it was asked for
          name: A user's name, as its holder wrote it. It has the form [A-Za-z][A-Za-z0-9_-]*.
      - id: len_server_name
        type: u1
        valid:
          min: 1
          max: 64
      - id: server_name
        type: str
        size: len_server_name
        valid:
          expr: form_of_server_name.holds
        doc: |-
          What the server is called, for people
          label: A short name of something for people to read, on one line. It holds no character of
          U+0000-U+001F, U+007F-U+009F.
      - id: seq
        type: u8
        doc: |-
          The seq of the JOINED that the others get
          seq: The number of a public event; 0 where there was none.
      - id: time
        type: u8
        doc: |-
          The time of that JOINED (ms since the epoch)
          time: Milliseconds since 1970-01-01T00:00:00Z, without leap seconds, by the server's clock.
      - id: max_frame
        type: u4
        doc: The greatest length of a frame, once WELCOME is sent (bytes)
      - id: max_text
        type: u2
        doc: The longest text that a client may send (bytes)
      - id: max_name
        type: u1
        doc: The longest name (bytes)
      - id: send_queue
        type: u4
        doc: What may wait for one client before it is cut (bytes)
      - id: hello_tries
        type: u1
        doc: Refused HELLOs until the connection ends (HELLOs)
      - id: rate_burst
        type: u4
        doc: Tokens in a full bucket (requests)
      - id: rate_per_second
        type: u4
        doc: Tokens that come back each second (requests)
      - id: flood_strikes
        type: u2
        doc: RATE_LIMITED refusals until the connection ends (refusals)
      - id: max_connections
        type: u4
        doc: Connections in all (connections)
      - id: connections_per_address
        type: u4
        doc: Connections of one address (of a /64 in IPv6) (connections)
      - id: attempts_per_minute
        type: u4
        doc: New connections of one address in any minute (connections)
      - id: handshake_timeout
        type: u4
        doc: |-
          From accept to an accepted HELLO (ms)
          duration: A span of time in milliseconds.
      - id: frame_timeout
        type: u4
        doc: |-
          From a frame's first byte to its last (ms)
          duration: A span of time in milliseconds.
      - id: ping_after
        type: u4
        doc: |-
          Silence of a client, after which the server sends PING (ms)
          duration: A span of time in milliseconds.
      - id: pong_timeout
        type: u4
        doc: |-
          From that PING to the end, if no frame comes (ms)
          duration: A span of time in milliseconds.
      - id: close_drain
        type: u4
        doc: |-
          How long the server reads and drops after GOODBYE, at most (ms)
          duration: A span of time in milliseconds.
      - id: extensions
        type: extension
        repeat: eos
    instances:
      form_of_name:
        pos: _io.pos - len_name
        size: len_name + 0
        type: name_form
      form_of_server_name:
        pos: _io.pos - len_server_name
        size: len_server_name + 0
        type: label_form
  ok:
    doc: |-
      The request was carried out.
      Reply 0x81, sent by the server.
    doc-ref: protocol.txt, section 12.10
    seq:
      - id: seq
        type: u8
        doc: |-
          The seq of the public event that the request caused, or 0
          seq: The number of a public event; 0 where there was none.
      - id: time
        type: u8
        doc: |-
          When it was carried out (ms since the epoch)
          time: Milliseconds since 1970-01-01T00:00:00Z, without leap seconds, by the server's clock.
      - id: extensions
        type: extension
        repeat: eos
  roster:
    doc: |-
      A page of the users who are there.
      Reply 0x82, sent by the server.
    doc-ref: protocol.txt, section 12.11
    seq:
      - id: num_entries
        type: u2
        valid:
          max: 4096
      - id: entries
        type: user
        repeat: expr
        repeat-expr: num_entries
        doc: |-
          The users of this page
          roster: Users, in ascending order of their folded names.
      - id: more
        type: u1
        valid:
          max: 1
        doc: |-
          Whether there are users behind the last one
          bool: Another value is malformed.
      - id: extensions
        type: extension
        repeat: eos
  error:
    doc: |-
      The request was not carried out, and the connection goes on.
      Reply 0x83, sent by the server.
    doc-ref: protocol.txt, section 12.12
    seq:
      - id: code
        type: u1
        enum: error_code
        doc: |-
          Why
          error_code: Why a request was refused.
      - id: request_type
        type: u1
        doc: The type of the request
      - id: retry_after_ms
        type: u4
        doc: |-
          When to try again; 0 where that is of no use (ms)
          duration: A span of time in milliseconds.
      - id: len_detail
        type: u1
      - id: detail
        type: str
        size: len_detail
        valid:
          expr: form_of_detail.holds
        doc: |-
          Why, in words for people, or nothing
          detail: A sentence for people, on one line. Programs never parse it. It holds no character of
          U+0000-U+001F, U+007F-U+009F.
      - id: extensions
        type: extension
        repeat: eos
    instances:
      form_of_detail:
        pos: _io.pos - len_detail
        size: len_detail + 0
        type: detail_form
  goodbye:
    doc: |-
      The connection ends, and this is why.
      Reply 0x84, sent by the server.
    doc-ref: protocol.txt, section 12.13
    seq:
      - id: code
        type: u1
        enum: goodbye_code
        doc: |-
          Why
          goodbye_code: Why the connection ends.
      - id: retry_after_ms
        type: u4
        doc: |-
          How long to wait before the next attempt; 0 for no advice (ms)
          duration: A span of time in milliseconds.
      - id: len_detail
        type: u1
      - id: detail
        type: str
        size: len_detail
        valid:
          expr: form_of_detail.holds
        doc: |-
          Why, in words for people, or nothing
          detail: A sentence for people, on one line. Programs never parse it. It holds no character of
          U+0000-U+001F, U+007F-U+009F.
      - id: extensions
        type: extension
        repeat: eos
    instances:
      form_of_detail:
        pos: _io.pos - len_detail
        size: len_detail + 0
        type: detail_form
  chat:
    doc: |-
      A user has said something to all.
      Event 0xc0, sent by the server.
    doc-ref: protocol.txt, section 12.14
    seq:
      - id: seq
        type: u8
        doc: |-
          The number of this public event
          seq: The number of a public event; 0 where there was none.
      - id: time
        type: u8
        doc: |-
          When it was said (ms since the epoch)
          time: Milliseconds since 1970-01-01T00:00:00Z, without leap seconds, by the server's clock.
      - id: who
        type: user
        doc: Who said it
      - id: len_text
        type: u2
        valid:
          min: 1
          max: 4096
      - id: text
        type: str
        size: len_text
        valid:
          expr: form_of_text.holds
        doc: |-
          What was said, byte for byte
          text: What somebody said. It holds no character of U+0000-U+0008, U+000B-U+001F, U+007F-U+009F.
      - id: extensions
        type: extension
        repeat: eos
    instances:
      form_of_text:
        pos: _io.pos - len_text
        size: len_text + 0
        type: text_form
  whisper:
    doc: |-
      A user has said something to the receiver alone.
      Event 0xc1, sent by the server.
    doc-ref: protocol.txt, section 12.15
    seq:
      - id: time
        type: u8
        doc: |-
          When it was said (ms since the epoch)
          time: Milliseconds since 1970-01-01T00:00:00Z, without leap seconds, by the server's clock.
      - id: who
        type: user
        doc: Who said it
      - id: len_text
        type: u2
        valid:
          min: 1
          max: 4096
      - id: text
        type: str
        size: len_text
        valid:
          expr: form_of_text.holds
        doc: |-
          What was said, byte for byte
          text: What somebody said. It holds no character of U+0000-U+0008, U+000B-U+001F, U+007F-U+009F.
      - id: extensions
        type: extension
        repeat: eos
    instances:
      form_of_text:
        pos: _io.pos - len_text
        size: len_text + 0
        type: text_form
  notice:
    doc: |-
      The operator has said something.
      Event 0xc2, sent by the server.
    doc-ref: protocol.txt, section 12.16
    seq:
      - id: seq
        type: u8
        doc: |-
          The number of this public event; 0 when private
          seq: The number of a public event; 0 where there was none.
      - id: time
        type: u8
        doc: |-
          When it was said (ms since the epoch)
          time: Milliseconds since 1970-01-01T00:00:00Z, without leap seconds, by the server's clock.
      - id: scope
        type: u1
        enum: notice_scope
        valid:
          in-enum: true
        doc: |-
          To whom
          notice_scope: To whom the operator speaks.
      - id: len_text
        type: u2
        valid:
          min: 1
          max: 4096
      - id: text
        type: str
        size: len_text
        valid:
          expr: form_of_text.holds
        doc: |-
          What was said
          text: What somebody said. It holds no character of U+0000-U+0008, U+000B-U+001F, U+007F-U+009F.
      - id: extensions
        type: extension
        repeat: eos
    instances:
      form_of_text:
        pos: _io.pos - len_text
        size: len_text + 0
        type: text_form
  joined:
    doc: |-
      A user has come.
      Event 0xc3, sent by the server.
    doc-ref: protocol.txt, section 12.17
    seq:
      - id: seq
        type: u8
        doc: |-
          The number of this public event
          seq: The number of a public event; 0 where there was none.
      - id: time
        type: u8
        doc: |-
          When (ms since the epoch)
          time: Milliseconds since 1970-01-01T00:00:00Z, without leap seconds, by the server's clock.
      - id: who
        type: user
        doc: Who
      - id: extensions
        type: extension
        repeat: eos
  left:
    doc: |-
      A user is gone.
      Event 0xc4, sent by the server.
    doc-ref: protocol.txt, section 12.18
    seq:
      - id: seq
        type: u8
        doc: |-
          The number of this public event
          seq: The number of a public event; 0 where there was none.
      - id: time
        type: u8
        doc: |-
          When (ms since the epoch)
          time: Milliseconds since 1970-01-01T00:00:00Z, without leap seconds, by the server's clock.
      - id: who
        type: user
        doc: Who
      - id: reason
        type: u1
        enum: left_reason
        doc: |-
          Why
          left_reason: Why a user is no longer there.
      - id: extensions
        type: extension
        repeat: eos
  renamed:
    doc: |-
      A user bears another name.
      Event 0xc5, sent by the server.
    doc-ref: protocol.txt, section 12.19
    seq:
      - id: seq
        type: u8
        doc: |-
          The number of this public event
          seq: The number of a public event; 0 where there was none.
      - id: time
        type: u8
        doc: |-
          When (ms since the epoch)
          time: Milliseconds since 1970-01-01T00:00:00Z, without leap seconds, by the server's clock.
      - id: who
        type: user
        doc: Who, with the old name
      - id: len_new_name
        type: u1
        valid:
          min: 1
          max: 24
      - id: new_name
        type: str
        size: len_new_name
        valid:
          expr: form_of_new_name.holds
        doc: |-
          The new name
          name: A user's name, as its holder wrote it. It has the form [A-Za-z][A-Za-z0-9_-]*.
      - id: extensions
        type: extension
        repeat: eos
    instances:
      form_of_new_name:
        pos: _io.pos - len_new_name
        size: len_new_name + 0
        type: name_form
  extension:
    doc: Bytes that only the extension's definition can explain.
    doc-ref: protocol.txt, section 6
    seq:
      - id: tag
        type: u1
        valid:
          expr: _ % 2 == 0
        doc: 'An odd tag is critical: one that is not known here is refused'
      - id: len_value
        type: u2
      - id: value
        size: len_value
  user:
    doc: One stay of one user, under the name that counts at this point of the order.
    doc-ref: protocol.txt, section 5
    seq:
      - id: session_id
        type: u8
        valid:
          min: 1
        doc: |-
          The stay
          session_id: Names one stay of one user (NAME-7, NAME-8).
      - id: len_name
        type: u1
        valid:
          min: 1
          max: 24
      - id: name
        type: str
        size: len_name
        valid:
          expr: form_of_name.holds
        doc: |-
          The name
          name: A user's name, as its holder wrote it. It has the form [A-Za-z][A-Za-z0-9_-]*.
    instances:
      form_of_name:
        pos: _io.pos - len_name
        size: len_name + 0
        type: name_form
  name_form:
    doc: The bytes of a name once more, to refuse wrong ones.
    seq:
      - id: first
        type: u1
        valid:
          expr: (_ >= 0x41 and _ <= 0x5a) or (_ >= 0x61 and _ <= 0x7a)
      - id: others
        type: u1
        repeat: eos
        valid:
          expr: _ == 0x2d or (_ >= 0x30 and _ <= 0x39) or (_ >= 0x41 and _ <= 0x5a) or _ == 0x5f or (_ >= 0x61 and _ <= 0x7a)
    instances:
      holds:
        value: 'true'
  text_form:
    doc: The bytes of a text once more, to refuse wrong ones.
    seq:
      - id: characters
        type: character
        repeat: eos
        valid:
          expr: _.code > 0x08 and (_.code < 0x0b or _.code > 0x1f) and (_.code < 0x7f or _.code > 0x9f)
    instances:
      holds:
        value: 'true'
  character:
    doc: A character in UTF-8.
    seq:
      - id: lead
        type: u1
        valid:
          expr: _ <= 0x7f or (_ >= 0xc2 and _ <= 0xf4)
      - id: second
        type: u1
        if: lead >= 0x80
        valid:
          expr: '_ >= (lead == 0xe0 ? 0xa0 : (lead == 0xf0 ? 0x90 : 0x80)) and _ <= (lead == 0xed ? 0x9f : (lead == 0xf4 ? 0x8f : 0xbf))'
      - id: third
        type: u1
        if: lead >= 0xe0
        valid:
          min: 128
          max: 191
      - id: fourth
        type: u1
        if: lead >= 0xf0
        valid:
          min: 128
          max: 191
    instances:
      code:
        value: 'lead <= 0x7f ? lead : (lead <= 0xdf ? lead % 0x20 * 0x40 + second % 0x40 : (lead <= 0xef ? (lead % 0x10 * 0x40 + second % 0x40) * 0x40 + third % 0x40 : ((lead % 0x08 * 0x40 + second % 0x40) * 0x40 + third % 0x40) * 0x40 + fourth % 0x40))'
  cursor_form:
    doc: The bytes of a cursor once more, to refuse wrong ones.
    seq:
      - id: first
        type: u1
        if: not _io.eof
        valid:
          expr: (_ >= 0x41 and _ <= 0x5a) or (_ >= 0x61 and _ <= 0x7a)
      - id: others
        type: u1
        repeat: eos
        valid:
          expr: _ == 0x2d or (_ >= 0x30 and _ <= 0x39) or (_ >= 0x41 and _ <= 0x5a) or _ == 0x5f or (_ >= 0x61 and _ <= 0x7a)
    instances:
      holds:
        value: 'true'
  label_form:
    doc: The bytes of a label once more, to refuse wrong ones.
    seq:
      - id: characters
        type: character
        repeat: eos
        valid:
          expr: _.code > 0x1f and (_.code < 0x7f or _.code > 0x9f)
    instances:
      holds:
        value: 'true'
  detail_form:
    doc: The bytes of a detail once more, to refuse wrong ones.
    seq:
      - id: characters
        type: character
        repeat: eos
        valid:
          expr: _.code > 0x1f and (_.code < 0x7f or _.code > 0x9f)
    instances:
      holds:
        value: 'true'
enums:
  message_type:
    0x01:
      id: hello
      doc: The client says which versions it speaks and which name it wants.
    0x02:
      id: say
      doc: The user says something to all.
    0x03:
      id: pm
      doc: The user says something to one other user.
    0x04:
      id: who
      doc: The user asks who is there, a page at a time.
    0x05:
      id: rename
      doc: The user wants another name.
    0x06:
      id: leave
      doc: The user goes.
    0x40:
      id: ping
      doc: Are you there, and have you done all that I asked before?
    0x41:
      id: pong
      doc: The answer to PING.
    0x80:
      id: welcome
      doc: The client is a user now; these are the server's limits.
    0x81:
      id: ok
      doc: The request was carried out.
    0x82:
      id: roster
      doc: A page of the users who are there.
    0x83:
      id: error
      doc: The request was not carried out, and the connection goes on.
    0x84:
      id: goodbye
      doc: The connection ends, and this is why.
    0xc0:
      id: chat
      doc: A user has said something to all.
    0xc1:
      id: whisper
      doc: A user has said something to the receiver alone.
    0xc2:
      id: notice
      doc: The operator has said something.
    0xc3:
      id: joined
      doc: A user has come.
    0xc4:
      id: left
      doc: A user is gone.
    0xc5:
      id: renamed
      doc: A user bears another name.
  left_reason:
    1:
      id: left
      doc: The user asked to leave or ended the stream in good order
    2:
      id: lost
      doc: The connection was reset or failed otherwise, or its stream ended inside a frame
    3:
      id: timed_out
      doc: 'Nothing more came: KEEPALIVE_TIMEOUT or FRAME_TIMEOUT'
    4:
      id: too_slow
      doc: 'The user did not read fast enough: SLOW_CONSUMER'
    5:
      id: kicked
      doc: The operator removed the user
    6:
      id: banned
      doc: The operator banned the user's name or address
    7:
      id: violation
      doc: The user's program broke the protocol or flooded
    8:
      id: failed
      doc: 'The server failed while it served this user: INTERNAL'
  notice_scope:
    1:
      id: all
      doc: To everyone
    2:
      id: private
      doc: To the receiver alone
  error_code:
    1:
      id: unknown_type
      doc: The type of the request is not one that this server knows.
    2:
      id: unsupported_critical
      doc: A critical flag is set, or a critical extension is present, that this server does not know.
    3:
      id: invalid_text
      doc: The text is not UTF-8, or it holds a forbidden character.
    4:
      id: text_empty
      doc: The text has no byte.
    5:
      id: text_too_long
      doc: The text has more bytes than max_text.
    6:
      id: name_invalid
      doc: The name breaks the rule for names or has more bytes than max_name.
    7:
      id: name_reserved
      doc: The name is one that nobody may bear.
    8:
      id: name_taken
      doc: Another user bears the name now.
    9:
      id: name_banned
      doc: The operator has banned the name.
    10:
      id: no_such_user
      doc: Nobody bears the name now.
    11:
      id: self_target
      doc: The recipient is the sender.
    12:
      id: rate_limited
      doc: The connection has no token left; retry_after_ms tells when the next one comes.
  goodbye_code:
    128:
      id: left
      doc: LEAVE, or the end of the client's stream between two frames.
    129:
      id: malformed
      doc: |-
        A length below 6, a frame that cannot be read as its type's layout says or whose request_id is
        0, a stream that ends inside a frame, or a PONG with a critical flag or extension that the
        server does not know.
    130:
      id: frame_too_large
      doc: A length greater than the limit in force.
    131:
      id: unexpected_message
      doc: A type that the state or the direction does not allow, or a PONG that answers no PING.
    132:
      id: version_unsupported
      doc: HELLO offers no version that the server speaks.
    133:
      id: handshake_timeout
      doc: No HELLO was accepted within handshake_timeout.
    134:
      id: frame_timeout
      doc: A frame was begun and not finished within frame_timeout.
    135:
      id: keepalive_timeout
      doc: No frame came within pong_timeout of the server's PING.
    136:
      id: slow_consumer
      doc: More than send_queue bytes wait for this client.
    137:
      id: flood
      doc: The request would have been refused with RATE_LIMITED for the flood_strikes-th time.
    138:
      id: kicked
      doc: The operator's /kick.
    139:
      id: banned
      doc: A ban of the name or the address, when it is made; one of the address, at accept.
    140:
      id: shutting_down
      doc: The server stops.
    141:
      id: server_full
      doc: A connection beyond max_connections.
    142:
      id: too_many_connections
      doc: A connection beyond connections_per_address.
    143:
      id: too_many_attempts
      doc: |-
        A connection beyond attempts_per_minute, or the HELLO that would be refused for the
        hello_tries-th time.
    144:
      id: internal
      doc: The server failed while it handled this connection, or as a whole.
