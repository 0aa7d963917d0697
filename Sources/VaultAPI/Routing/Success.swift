/// One way in which a call succeeds: its status, and the shape of what is then answered.
///
/// A route has at least one, so that no answer is without a shape; tests hold every answer they get against it.
struct Success: Sendable {
    enum Content: Sendable {
        case nothing
        case json(Schema)
        /// A file of this media type.
        case file(String)
    }

    let status: Int
    let content: Content
    var note = "Done."
    /// Whether the record's revision is its `ETag`.
    var hasETag = false

    /// 204: there is nothing to say.
    static let done = Success(status: 204, content: .nothing)

    static func json(_ schema: Schema, _ status: Int = 200, _ note: String = "Done.") -> Success {
        Success(status: status, content: .json(schema), note: note)
    }

    static func file(_ mediaType: String, _ note: String) -> Success {
        Success(status: 200, content: .file(mediaType), note: note)
    }

    /// A key, its revision as `ETag`.
    static func key(_ status: Int = 200, _ note: String = "The key as it is now.") -> Success {
        Success(status: status, content: .json(.key), note: note, hasETag: true)
    }
}
