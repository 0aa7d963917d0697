import FoundationEssentials
import Testing
import VaultAPI
import VaultModel

struct JSONWriterTests {
    @Test func `objects, arrays and all values are written`() throws {
        var writer = JSONWriter(capacity: 1)
        writer.beginObject()
        writer.member("text", "a")
        writer.member("none", nil as String?)
        writer.member("number", -7)
        writer.member("nothing", nil as Int?)
        writer.member("yes", true)
        writer.member("at", Timestamp(milliseconds: 0))
        writer.member("names", ["a", "b"])
        writer.member("spans", [1, 2])
        writer.member("tags", ["b\"": "2", "a": "1"])
        writer.beginArray("data")
        writer.beginObject()
        writer.endObject()
        writer.beginArray()
        writer.null()
        writer.boolean(false)
        writer.endArray()
        writer.integer(.min)
        writer.endArray()
        writer.beginObject("empty")
        writer.endObject()
        writer.endObject()
        #expect(
            text(writer.finish())
                == #"{"text":"a","none":null,"number":-7,"nothing":null,"yes":true,"at":"1970-01-01T00:00:00.000Z","#
                + #""names":["a","b"],"spans":[1,2],"tags":{"a":"1","b\"":"2"},"data":[{},[null,false],-9223372036854775808],"#
                + #""empty":{}}"#
        )
    }

    @Test func `what has to be escaped is escaped, and what ends or turns a line, and nothing else`() throws {
        var writer = JSONWriter()
        writer.string("\"\\/\u{8}\u{C}\n\r\t\0\u{1F}\u{7F}<é😀\u{2027}\u{202F}\u{2065}\u{206A}")
        #expect(
            text(writer.finish())
                == "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\u{7F}<é😀\u{2027}\u{202F}\u{2065}\u{206A}\"")
        writer = JSONWriter()
        writer.string("\u{2028}a\u{2029}\u{202A}\u{202E}\u{2066}\u{2069}é")
        #expect(text(writer.finish()) == #""\u2028a\u2029\u202a\u202e\u2066\u2069é""#)
    }

    @Test func `a secret is written as it is, or escaped where it has to be`() throws {
        for plain in ["sk-ant-api03-abc", #"with "quotes" and \"#, "", "\u{1}é"] {
            var writer = JSONWriter()
            writer.beginObject()
            writer.member("key", secret: try SecretBytes(copying: Array(plain.utf8).span.bytes))
            writer.endObject()
            let written = bytes(writer.finish())
            #expect(try JSONDecoder().decode([String: String].self, from: Data(written)) == ["key": plain])
        }
    }

    @Test func `our reader reads what our writer writes, byte for byte`() throws {
        let plain = String(String.UnicodeScalarView((0..<0x3000).compactMap(Unicode.Scalar.init)))
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("key", plain)
        writer.endObject()
        let key = Member.secret("key").required
        let members = try Members(writer.finish(), Shape(key))
        #expect(bytes(try members.requireSecret(key)) == Array(plain.utf8))
    }
}
