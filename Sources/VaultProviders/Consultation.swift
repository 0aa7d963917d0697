import VaultModel

/// One paste on its way through the rows of the doctor's table; the first row that fits decides.
struct Consultation {
    let doctor: KeyDoctor
    let chosen: Provider?
    let chosenID: ProviderID?
    var cleaned: [CleaningStep] = []
    /// How many bytes have been looked at.
    var steps: Int

    init(_ doctor: KeyDoctor, chosen: ProviderID?, steps: Int) {
        self.doctor = doctor
        self.chosen = chosen.flatMap { doctor.catalogue[$0] }
        chosenID = chosen
        self.steps = steps
    }

    func provider(_ place: Int) -> Provider { doctor.catalogue.providers[place] }

    mutating func examine(
        _ text: RawSpan, plain: RawSpan, isDisguised: Bool, invalidAt: Int?
    ) throws(SecretMemoryExhausted) -> Examination {
        let sightings = doctor.finder.sightings(in: text, steps: &steps)
        let all = isDisguised ? sightings + doctor.finder.sightings(in: plain, steps: &steps) : sightings
        if let refusal = refused(.signIn, all, plain) ?? refused(.wrongType, all, plain) { return refusal }
        if let invalidAt { return foreign(nil, at: invalidAt) }

        let peeled = PasteCleaning(text, counting: &steps)
        let goesOn = wrapsOpenLength(peeled.range, sightings, text)
        if !goesOn, let found = try wholeKey(sightings, text) { return found }
        cleaned += peeled.steps
        if let joined = try joinedKey(peeled.range, text) { return joined }
        return notAKey(peeled, sightings, text)
    }

    // MARK: What is refused wherever it stands

    private mutating func refused(
        _ category: RefusedCredential.Category, _ sightings: [Sighting], _ plain: RawSpan
    ) -> Examination? {
        for provider in doctor.catalogue.providers {
            for credential in provider.refused where credential.category == category {
                guard let mark = credential.anywhere else { continue }
                steps += plain.byteCount
                if mark.stands(in: plain) { return refusal(credential, of: provider, isOwn: true) }
            }
        }
        guard let sighting = sightings.first(where: { $0.refused?.category == category }), let found = sighting.refused
        else { return nil }
        // The same shape may be several providers' (a JWT): then only the chosen one's words are sure to be true.
        let sharers = doctor.catalogue.providers.filter { provider in
            provider.refused.contains { $0.pattern?.prefix == sighting.pattern.prefix }
        }
        guard sharers.count > 1 else { return refusal(found, of: provider(sighting.provider), isOwn: true) }
        let own = chosen?.refused.first { $0.pattern?.prefix == sighting.pattern.prefix }
        return refusal(own ?? found, of: own == nil ? nil : chosen, isOwn: own != nil)
    }

    private func refusal(_ credential: RefusedCredential, of owner: Provider?, isOwn: Bool) -> Examination {
        let text = DoctorTexts(provider: owner ?? chosen).refused(credential, isOwn: isOwn)
        let refusal: Diagnosis.Refusal =
            switch credential.category {
            case .signIn: .oauthToken
            case .wrongType: .wrongKeyType
            case .identifier: .malformed
            }
        return refuse(
            refusal, credential.kind, text, provider: owner, quotedError: isOwn ? credential.quotedError : nil,
            docsURL: isOwn ? credential.docsURL ?? owner?.docsURL : nil)
    }

    // MARK: Whole keys

    private mutating func wholeKey(_ sightings: [Sighting], _ text: RawSpan) throws(SecretMemoryExhausted)
        -> Examination?
    {
        var whole = sightings.filter { $0.refused == nil && $0.state == .full }
        if let chosen, let place = doctor.catalogue.providers.firstIndex(where: { $0.id == chosen.id }),
            !isOneAddress(text), doctor.finder.identifier(in: text, steps: &steps) == nil
        {
            let shapes = doctor.finder.shapes(in: text, of: place, steps: &steps)
            whole += Self.apart(shapes, from: whole)
        }
        guard let first = whole.first else { return nil }
        steps += whole.reduce(0) { $0 + $1.range.count }
        let isOnlyOne = whole.allSatisfy { text.areEqual($0.range, first.range) }
        let remains = sightings.contains { piece in
            guard piece.refused == nil, piece.state == .short || piece.state == .long else { return false }
            return piece.range.count >= piece.pattern.prefix.count + 8 && !isPiece(piece.range, of: first.range, text)
        }
        guard isOnlyOne, !remains else { return refuse(.severalKeys, "several", DoctorTexts(provider: chosen).several) }
        let peeled = PasteCleaning(text, until: first.range, counting: &steps)
        cleaned += peeled.steps
        return try accept(first, text)
    }

    /// Those of `shapes` that no sighting overlaps; both are in order.
    private static func apart(_ shapes: [Sighting], from sightings: [Sighting]) -> [Sighting] {
        var next = 0
        return shapes.filter { shape in
            while next < sightings.count, sightings[next].range.upperBound <= shape.range.lowerBound { next += 1 }
            return next == sightings.count || !sightings[next].range.overlaps(shape.range)
        }
    }

    /// Whether the shorter range holds the beginning of the other, as a cut copy of the same key does.
    private func isPiece(_ piece: Range<Int>, of whole: Range<Int>, _ text: RawSpan) -> Bool {
        piece.overlaps(whole)
            || piece.count <= whole.count
                && text.areEqual(piece, whole.lowerBound..<whole.lowerBound + piece.count)
    }

    private func accept(_ key: Sighting, _ text: RawSpan) throws(SecretMemoryExhausted) -> Examination {
        let owner = provider(key.provider)
        let kind = key.pattern.kind
        let texts = DoctorTexts(provider: chosen ?? owner)
        if text.isSampleKey(key.range, body: key.range.lowerBound + key.pattern.prefix.count) {
            return refuse(.placeholder, "placeholder", texts.placeholder, provider: owner)
        }
        if let chosenID, chosenID != owner.id {
            let name = chosen?.name ?? "another provider"
            return refuse(
                .wrongProvider, kind, texts.wrongProvider(detected: owner, chosen: name), provider: owner)
        }
        guard key.range.count <= KeyPattern.longestKey, key.range.count >= KeyPattern.shortestKey else {
            return refuse(.malformed, "too_long", texts.tooLong(key.range.count, nil), provider: owner)
        }
        let words = DoctorTexts(provider: owner).storable(kind)
        return Examination(
            diagnosis: Diagnosis(
                kind: kind, provider: owner.id, message: words.message, hint: words.hint,
                cleaned: cleaned.map(\.rawValue)),
            secret: try SecretBytes(copying: text.extracting(key.range)))
    }

    /// Whether the paste is one key of open length, wrapped over lines: then its first line alone looks whole, too.
    ///
    /// A further line that is a plain word or a number is not taken for a part of it.
    private mutating func wrapsOpenLength(_ range: Range<Int>, _ sightings: [Sighting], _ text: RawSpan) -> Bool {
        guard sightings.count == 1, let key = sightings.first, key.refused == nil, key.state == .full,
            !key.pattern.isFixedLength, key.range.lowerBound == range.lowerBound,
            key.range.upperBound < range.upperBound, text.byte(key.range.upperBound).isSpace
        else { return false }
        steps += 2 * range.count
        guard
            (key.range.upperBound..<range.upperBound).allSatisfy({
                key.pattern.admits(text.byte($0)) || text.byte($0).isSpace || text.byte($0) == UInt8(ascii: "=")
            })
        else { return false }
        var start = key.range.upperBound
        while start < range.upperBound {
            while text.byte(start).isSpace { start += 1 }
            var end = start
            while end < range.upperBound, !text.byte(end).isSpace { end += 1 }
            if text.isPlainWord(start..<end) { return false }
            start = end
        }
        return doctor.finder.shapes(in: text, of: nil, steps: &steps).isEmpty
    }

    /// A key that was wrapped over lines: joined only when the whole of it is then exactly one known pattern.
    private mutating func joinedKey(_ range: Range<Int>, _ text: RawSpan) throws(SecretMemoryExhausted) -> Examination?
    {
        guard range.contains(where: { text.byte($0).isSpace }) else { return nil }
        var joined = WipedBuffer(capacity: range.count)
        var breaksOnlyLines = true
        var index = range.lowerBound
        while index < range.upperBound {
            var hasLineBreak = false
            let start = index
            while index < range.upperBound, text.byte(index).isSpace {
                hasLineBreak = hasLineBreak || text.byte(index).isLineBreak
                index += 1
            }
            if index > start {
                breaksOnlyLines = breaksOnlyLines && hasLineBreak
            } else {
                joined.append(text.byte(index))
                index += 1
            }
        }
        steps += range.count
        return try joined.withBytes { line throws(SecretMemoryExhausted) in
            let found = doctor.finder.sightings(in: line, steps: &steps)
            for category in [RefusedCredential.Category.signIn, .wrongType] {
                let atStart = found.filter { $0.range.lowerBound == 0 }
                if let refusal = refused(category, atStart, line.extracting(0..<0)) { return refusal }
            }
            var whole = found.first { $0.state == .full && $0.range == 0..<line.byteCount }
            if let key = whole, !key.pattern.isFixedLength, !breaksOnlyLines { whole = nil }
            if whole == nil, breaksOnlyLines, let chosen,
                let place = doctor.catalogue.providers.firstIndex(where: { $0.id == chosen.id })
            {
                whole = doctor.finder.shapes(in: line, of: place, steps: &steps).first {
                    $0.range == 0..<line.byteCount
                }
            }
            guard let whole, whole.refused == nil else { return nil }
            cleaned.append(.lineBreaks)
            return try accept(whole, line)
        }
    }

    /// Whether there is a web address and nothing besides.
    private func isOneAddress(_ text: RawSpan) -> Bool {
        guard isURL(text) else { return false }
        var (start, end) = (0, text.byteCount)
        while start < end, text.byte(start).isSpace { start += 1 }
        while end > start, text.byte(end - 1).isSpace { end -= 1 }
        return !(start..<end).contains { text.byte($0).isSpace }
    }

    /// Whether it begins with a web address.
    func isURL(_ text: RawSpan) -> Bool {
        var start = 0
        while text.byte(start).isSpace { start += 1 }
        return ["https://", "http://", "www."].contains { text.has(Array($0.utf8), at: start, ignoringCase: true) }
    }

    func foreign(_ scalar: UInt32?, at position: Int, provider: Provider? = nil) -> Examination {
        let words = DoctorTexts(provider: provider ?? chosen).foreign(scalar, at: position)
        return refuse(.malformed, "foreign_character", words, provider: provider)
    }

    func refuse(
        _ refusal: Diagnosis.Refusal, _ kind: String, _ text: DoctorTexts.Text, provider: Provider? = nil,
        candidates: [ProviderID] = [], quotedError: ProviderError? = nil, docsURL: String? = nil
    ) -> Examination {
        Examination(
            diagnosis: Diagnosis(
                kind: kind, provider: provider?.id, refusal: refusal, message: text.message, hint: text.hint,
                cleaned: cleaned.map(\.rawValue), candidates: candidates, quotedError: quotedError, docsURL: docsURL),
            secret: nil)
    }
}
