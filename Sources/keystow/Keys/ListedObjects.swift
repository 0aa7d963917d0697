/// The objects in the array `data` of an answer, each as the server wrote it: what this program does not know is kept too.
enum ListedObjects {
    /// - Parameter body: JSON that was found to be well formed.
    /// - Returns: none where there is no such array.
    static func of(_ body: [UInt8]) -> [ArraySlice<UInt8>] {
        var objects: [ArraySlice<UInt8>] = []
        var depth = 0
        var index = 0
        /// The text of the last string that was read at depth 1, and whether the array is entered.
        var name: ArraySlice<UInt8> = []
        var isInside = false
        var start = 0
        while index < body.count {
            switch body[index] {
            case UInt8(ascii: "\""):
                let end = endOfString(in: body, from: index)
                if depth == 1 { name = body[index + 1..<max(index + 1, end)] }
                index = end
            case UInt8(ascii: "["), UInt8(ascii: "{"):
                if depth == 1, body[index] == UInt8(ascii: "["), name.elementsEqual("data".utf8) { isInside = true }
                if isInside, depth == 2, body[index] == UInt8(ascii: "{") { start = index }
                depth += 1
            case UInt8(ascii: "]"), UInt8(ascii: "}"):
                depth -= 1
                if isInside, depth == 2, body[index] == UInt8(ascii: "}") { objects.append(body[start...index]) }
                if isInside, depth == 1 { return objects }
            default: break
            }
            index += 1
        }
        return objects
    }

    /// Where the quotation mark stands that ends the string which begins at `start`.
    private static func endOfString(in body: [UInt8], from start: Int) -> Int {
        var index = start + 1
        while index < body.count, body[index] != UInt8(ascii: "\"") {
            index += body[index] == UInt8(ascii: "\\") ? 2 : 1
        }
        return min(index, body.count)
    }
}
