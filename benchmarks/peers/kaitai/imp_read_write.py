# Made from imp.ksy by kaitai-struct-compiler 0.11: `kaitai-struct-compiler --target python --read-write imp.ksy`. Do not edit.
# This is a generated file! Please edit source .ksy file and use kaitai-struct-compiler to rebuild
# type: ignore

import kaitaistruct
from kaitaistruct import ReadWriteKaitaiStruct, KaitaiStream, BytesIO


if getattr(kaitaistruct, 'API_VERSION', (0, 9)) < (0, 11):
    raise Exception("Incompatible Kaitai Struct Python API: 0.11 or later is required, but you have %s" % (kaitaistruct.__version__))

class Imp(ReadWriteKaitaiStruct):
    def __init__(self, _io=None, _parent=None, _root=None):
        super(Imp, self).__init__(_io)
        self._parent = _parent
        self._root = _root or self

    def _read(self):
        pass
        self._dirty = False


    def _fetch_instances(self):
        pass


    def _write__seq(self, io=None):
        super(Imp, self)._write__seq(io)


    def _check(self):
        self._dirty = False

    class Chat(ReadWriteKaitaiStruct):
        def __init__(self, _io=None, _parent=None, _root=None):
            super(Imp.Chat, self).__init__(_io)
            self._parent = _parent
            self._root = _root

        def _read(self):
            self.length = self._io.read_u4be()
            self.type = self._io.read_u1()
            if not self.type == 192:
                raise kaitaistruct.ValidationNotEqualError(192, self.type, self._io, u"/types/chat/seq/1")
            self.flags = self._io.read_u1()
            self.request_id = self._io.read_u4be()
            self.seq = self._io.read_u8be()
            self.time = self._io.read_u8be()
            self.who = Imp.User(self._io, self, self._root)
            self.who._read()
            self.len_text = self._io.read_u2be()
            if not self.len_text >= 1:
                raise kaitaistruct.ValidationLessThanError(1, self.len_text, self._io, u"/types/chat/seq/7")
            if not self.len_text <= 4096:
                raise kaitaistruct.ValidationGreaterThanError(4096, self.len_text, self._io, u"/types/chat/seq/7")
            self.text = (self._io.read_bytes(self.len_text)).decode(u"UTF-8")
            self._dirty = False


        def _fetch_instances(self):
            pass
            self.who._fetch_instances()


        def _write__seq(self, io=None):
            super(Imp.Chat, self)._write__seq(io)
            self._io.write_u4be(self.length)
            self._io.write_u1(self.type)
            self._io.write_u1(self.flags)
            self._io.write_u4be(self.request_id)
            self._io.write_u8be(self.seq)
            self._io.write_u8be(self.time)
            self.who._write__seq(self._io)
            self._io.write_u2be(self.len_text)
            self._io.write_bytes((self.text).encode(u"UTF-8"))


        def _check(self):
            if not self.type == 192:
                raise kaitaistruct.ValidationNotEqualError(192, self.type, None, u"/types/chat/seq/1")
            if self.who._root != self._root:
                raise kaitaistruct.ConsistencyError(u"who", self._root, self.who._root)
            if self.who._parent != self:
                raise kaitaistruct.ConsistencyError(u"who", self, self.who._parent)
            if not self.len_text >= 1:
                raise kaitaistruct.ValidationLessThanError(1, self.len_text, None, u"/types/chat/seq/7")
            if not self.len_text <= 4096:
                raise kaitaistruct.ValidationGreaterThanError(4096, self.len_text, None, u"/types/chat/seq/7")
            if len((self.text).encode(u"UTF-8")) != self.len_text:
                raise kaitaistruct.ConsistencyError(u"text", self.len_text, len((self.text).encode(u"UTF-8")))
            self._dirty = False


    class Pm(ReadWriteKaitaiStruct):
        def __init__(self, _io=None, _parent=None, _root=None):
            super(Imp.Pm, self).__init__(_io)
            self._parent = _parent
            self._root = _root

        def _read(self):
            self.length = self._io.read_u4be()
            self.type = self._io.read_u1()
            if not self.type == 3:
                raise kaitaistruct.ValidationNotEqualError(3, self.type, self._io, u"/types/pm/seq/1")
            self.flags = self._io.read_u1()
            self.request_id = self._io.read_u4be()
            self.len_to = self._io.read_u1()
            if not self.len_to >= 1:
                raise kaitaistruct.ValidationLessThanError(1, self.len_to, self._io, u"/types/pm/seq/4")
            if not self.len_to <= 24:
                raise kaitaistruct.ValidationGreaterThanError(24, self.len_to, self._io, u"/types/pm/seq/4")
            self.to = (self._io.read_bytes(self.len_to)).decode(u"UTF-8")
            self.len_text = self._io.read_u2be()
            if not self.len_text >= 1:
                raise kaitaistruct.ValidationLessThanError(1, self.len_text, self._io, u"/types/pm/seq/6")
            if not self.len_text <= 4096:
                raise kaitaistruct.ValidationGreaterThanError(4096, self.len_text, self._io, u"/types/pm/seq/6")
            self.text = (self._io.read_bytes(self.len_text)).decode(u"UTF-8")
            self._dirty = False


        def _fetch_instances(self):
            pass


        def _write__seq(self, io=None):
            super(Imp.Pm, self)._write__seq(io)
            self._io.write_u4be(self.length)
            self._io.write_u1(self.type)
            self._io.write_u1(self.flags)
            self._io.write_u4be(self.request_id)
            self._io.write_u1(self.len_to)
            self._io.write_bytes((self.to).encode(u"UTF-8"))
            self._io.write_u2be(self.len_text)
            self._io.write_bytes((self.text).encode(u"UTF-8"))


        def _check(self):
            if not self.type == 3:
                raise kaitaistruct.ValidationNotEqualError(3, self.type, None, u"/types/pm/seq/1")
            if not self.len_to >= 1:
                raise kaitaistruct.ValidationLessThanError(1, self.len_to, None, u"/types/pm/seq/4")
            if not self.len_to <= 24:
                raise kaitaistruct.ValidationGreaterThanError(24, self.len_to, None, u"/types/pm/seq/4")
            if len((self.to).encode(u"UTF-8")) != self.len_to:
                raise kaitaistruct.ConsistencyError(u"to", self.len_to, len((self.to).encode(u"UTF-8")))
            if not self.len_text >= 1:
                raise kaitaistruct.ValidationLessThanError(1, self.len_text, None, u"/types/pm/seq/6")
            if not self.len_text <= 4096:
                raise kaitaistruct.ValidationGreaterThanError(4096, self.len_text, None, u"/types/pm/seq/6")
            if len((self.text).encode(u"UTF-8")) != self.len_text:
                raise kaitaistruct.ConsistencyError(u"text", self.len_text, len((self.text).encode(u"UTF-8")))
            self._dirty = False


    class Roster(ReadWriteKaitaiStruct):
        def __init__(self, _io=None, _parent=None, _root=None):
            super(Imp.Roster, self).__init__(_io)
            self._parent = _parent
            self._root = _root

        def _read(self):
            self.length = self._io.read_u4be()
            self.type = self._io.read_u1()
            if not self.type == 130:
                raise kaitaistruct.ValidationNotEqualError(130, self.type, self._io, u"/types/roster/seq/1")
            self.flags = self._io.read_u1()
            self.request_id = self._io.read_u4be()
            self.num_entries = self._io.read_u2be()
            if not self.num_entries <= 4096:
                raise kaitaistruct.ValidationGreaterThanError(4096, self.num_entries, self._io, u"/types/roster/seq/4")
            self.entries = []
            for i in range(self.num_entries):
                _t_entries = Imp.User(self._io, self, self._root)
                try:
                    _t_entries._read()
                finally:
                    self.entries.append(_t_entries)

            self.more = self._io.read_u1()
            if not self.more <= 1:
                raise kaitaistruct.ValidationGreaterThanError(1, self.more, self._io, u"/types/roster/seq/6")
            self._dirty = False


        def _fetch_instances(self):
            pass
            for i in range(len(self.entries)):
                pass
                self.entries[i]._fetch_instances()



        def _write__seq(self, io=None):
            super(Imp.Roster, self)._write__seq(io)
            self._io.write_u4be(self.length)
            self._io.write_u1(self.type)
            self._io.write_u1(self.flags)
            self._io.write_u4be(self.request_id)
            self._io.write_u2be(self.num_entries)
            for i in range(len(self.entries)):
                pass
                self.entries[i]._write__seq(self._io)

            self._io.write_u1(self.more)


        def _check(self):
            if not self.type == 130:
                raise kaitaistruct.ValidationNotEqualError(130, self.type, None, u"/types/roster/seq/1")
            if not self.num_entries <= 4096:
                raise kaitaistruct.ValidationGreaterThanError(4096, self.num_entries, None, u"/types/roster/seq/4")
            if len(self.entries) != self.num_entries:
                raise kaitaistruct.ConsistencyError(u"entries", self.num_entries, len(self.entries))
            for i in range(len(self.entries)):
                pass
                if self.entries[i]._root != self._root:
                    raise kaitaistruct.ConsistencyError(u"entries", self._root, self.entries[i]._root)
                if self.entries[i]._parent != self:
                    raise kaitaistruct.ConsistencyError(u"entries", self, self.entries[i]._parent)

            if not self.more <= 1:
                raise kaitaistruct.ValidationGreaterThanError(1, self.more, None, u"/types/roster/seq/6")
            self._dirty = False


    class User(ReadWriteKaitaiStruct):
        def __init__(self, _io=None, _parent=None, _root=None):
            super(Imp.User, self).__init__(_io)
            self._parent = _parent
            self._root = _root

        def _read(self):
            self.session_id = self._io.read_u8be()
            if not self.session_id >= 1:
                raise kaitaistruct.ValidationLessThanError(1, self.session_id, self._io, u"/types/user/seq/0")
            self.len_name = self._io.read_u1()
            if not self.len_name >= 1:
                raise kaitaistruct.ValidationLessThanError(1, self.len_name, self._io, u"/types/user/seq/1")
            if not self.len_name <= 24:
                raise kaitaistruct.ValidationGreaterThanError(24, self.len_name, self._io, u"/types/user/seq/1")
            self.name = (self._io.read_bytes(self.len_name)).decode(u"UTF-8")
            self._dirty = False


        def _fetch_instances(self):
            pass


        def _write__seq(self, io=None):
            super(Imp.User, self)._write__seq(io)
            self._io.write_u8be(self.session_id)
            self._io.write_u1(self.len_name)
            self._io.write_bytes((self.name).encode(u"UTF-8"))


        def _check(self):
            if not self.session_id >= 1:
                raise kaitaistruct.ValidationLessThanError(1, self.session_id, None, u"/types/user/seq/0")
            if not self.len_name >= 1:
                raise kaitaistruct.ValidationLessThanError(1, self.len_name, None, u"/types/user/seq/1")
            if not self.len_name <= 24:
                raise kaitaistruct.ValidationGreaterThanError(24, self.len_name, None, u"/types/user/seq/1")
            if len((self.name).encode(u"UTF-8")) != self.len_name:
                raise kaitaistruct.ConsistencyError(u"name", self.len_name, len((self.name).encode(u"UTF-8")))
            self._dirty = False


    class Welcome(ReadWriteKaitaiStruct):
        def __init__(self, _io=None, _parent=None, _root=None):
            super(Imp.Welcome, self).__init__(_io)
            self._parent = _parent
            self._root = _root

        def _read(self):
            self.length = self._io.read_u4be()
            self.type = self._io.read_u1()
            if not self.type == 128:
                raise kaitaistruct.ValidationNotEqualError(128, self.type, self._io, u"/types/welcome/seq/1")
            self.flags = self._io.read_u1()
            self.request_id = self._io.read_u4be()
            self.version = self._io.read_u2be()
            self.capabilities = self._io.read_u4be()
            self.session_id = self._io.read_u8be()
            if not self.session_id >= 1:
                raise kaitaistruct.ValidationLessThanError(1, self.session_id, self._io, u"/types/welcome/seq/6")
            self.len_name = self._io.read_u1()
            if not self.len_name >= 1:
                raise kaitaistruct.ValidationLessThanError(1, self.len_name, self._io, u"/types/welcome/seq/7")
            if not self.len_name <= 24:
                raise kaitaistruct.ValidationGreaterThanError(24, self.len_name, self._io, u"/types/welcome/seq/7")
            self.name = (self._io.read_bytes(self.len_name)).decode(u"UTF-8")
            self.len_server_name = self._io.read_u1()
            if not self.len_server_name >= 1:
                raise kaitaistruct.ValidationLessThanError(1, self.len_server_name, self._io, u"/types/welcome/seq/9")
            if not self.len_server_name <= 64:
                raise kaitaistruct.ValidationGreaterThanError(64, self.len_server_name, self._io, u"/types/welcome/seq/9")
            self.server_name = (self._io.read_bytes(self.len_server_name)).decode(u"UTF-8")
            self.seq = self._io.read_u8be()
            self.time = self._io.read_u8be()
            self.max_frame = self._io.read_u4be()
            self.max_text = self._io.read_u2be()
            self.max_name = self._io.read_u1()
            self.send_queue = self._io.read_u4be()
            self.hello_tries = self._io.read_u1()
            self.rate_burst = self._io.read_u4be()
            self.rate_per_second = self._io.read_u4be()
            self.flood_strikes = self._io.read_u2be()
            self.max_connections = self._io.read_u4be()
            self.connections_per_address = self._io.read_u4be()
            self.attempts_per_minute = self._io.read_u4be()
            self.handshake_timeout = self._io.read_u4be()
            self.frame_timeout = self._io.read_u4be()
            self.ping_after = self._io.read_u4be()
            self.pong_timeout = self._io.read_u4be()
            self.close_drain = self._io.read_u4be()
            self._dirty = False


        def _fetch_instances(self):
            pass


        def _write__seq(self, io=None):
            super(Imp.Welcome, self)._write__seq(io)
            self._io.write_u4be(self.length)
            self._io.write_u1(self.type)
            self._io.write_u1(self.flags)
            self._io.write_u4be(self.request_id)
            self._io.write_u2be(self.version)
            self._io.write_u4be(self.capabilities)
            self._io.write_u8be(self.session_id)
            self._io.write_u1(self.len_name)
            self._io.write_bytes((self.name).encode(u"UTF-8"))
            self._io.write_u1(self.len_server_name)
            self._io.write_bytes((self.server_name).encode(u"UTF-8"))
            self._io.write_u8be(self.seq)
            self._io.write_u8be(self.time)
            self._io.write_u4be(self.max_frame)
            self._io.write_u2be(self.max_text)
            self._io.write_u1(self.max_name)
            self._io.write_u4be(self.send_queue)
            self._io.write_u1(self.hello_tries)
            self._io.write_u4be(self.rate_burst)
            self._io.write_u4be(self.rate_per_second)
            self._io.write_u2be(self.flood_strikes)
            self._io.write_u4be(self.max_connections)
            self._io.write_u4be(self.connections_per_address)
            self._io.write_u4be(self.attempts_per_minute)
            self._io.write_u4be(self.handshake_timeout)
            self._io.write_u4be(self.frame_timeout)
            self._io.write_u4be(self.ping_after)
            self._io.write_u4be(self.pong_timeout)
            self._io.write_u4be(self.close_drain)


        def _check(self):
            if not self.type == 128:
                raise kaitaistruct.ValidationNotEqualError(128, self.type, None, u"/types/welcome/seq/1")
            if not self.session_id >= 1:
                raise kaitaistruct.ValidationLessThanError(1, self.session_id, None, u"/types/welcome/seq/6")
            if not self.len_name >= 1:
                raise kaitaistruct.ValidationLessThanError(1, self.len_name, None, u"/types/welcome/seq/7")
            if not self.len_name <= 24:
                raise kaitaistruct.ValidationGreaterThanError(24, self.len_name, None, u"/types/welcome/seq/7")
            if len((self.name).encode(u"UTF-8")) != self.len_name:
                raise kaitaistruct.ConsistencyError(u"name", self.len_name, len((self.name).encode(u"UTF-8")))
            if not self.len_server_name >= 1:
                raise kaitaistruct.ValidationLessThanError(1, self.len_server_name, None, u"/types/welcome/seq/9")
            if not self.len_server_name <= 64:
                raise kaitaistruct.ValidationGreaterThanError(64, self.len_server_name, None, u"/types/welcome/seq/9")
            if len((self.server_name).encode(u"UTF-8")) != self.len_server_name:
                raise kaitaistruct.ConsistencyError(u"server_name", self.len_server_name, len((self.server_name).encode(u"UTF-8")))
            self._dirty = False



