import VaultAPI
import VaultModel

func body(_ text: String) -> WipedBuffer { WipedBuffer(text) }

func body(_ bytes: [UInt8]) -> WipedBuffer {
    var buffer = WipedBuffer()
    buffer.append(bytes)
    return buffer
}

func bytes(_ buffer: borrowing WipedBuffer) -> [UInt8] {
    buffer.withBytes { span in (0..<span.byteCount).map { span[byte: $0] } }
}

func text(_ buffer: borrowing WipedBuffer) -> String { String(decoding: bytes(buffer), as: UTF8.self) }

/// What reading `bytes` as JSON is refused with; `nil` when it is not.
func refusal(of bytes: [UInt8]) -> Problem? {
    do throws(Problem) {
        _ = try JSONDocument(body(bytes))
        return nil
    } catch {
        return error
    }
}

func refusal(of text: String) -> Problem? { refusal(of: Array(text.utf8)) }

/// What reading `text` as an object of `shape` is refused with; `nil` when it is not.
func refusal(of text: String, _ shape: Shape) -> Problem? {
    do throws(Problem) {
        _ = try Members(body(text), shape)
        return nil
    } catch {
        return error
    }
}
