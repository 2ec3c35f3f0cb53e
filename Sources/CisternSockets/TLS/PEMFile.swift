import COpenSSL
import Glibc

/// A PEM file that is open for reading, once, from its start. Nothing here ever asks for a passphrase.
struct PEMFile: ~Copyable {
    let file: TLSFile
    private let bio: OpaquePointer

    init(_ file: TLSFile) throws(TLSError) {
        // A directory can be opened; it only fails to be read, which would look like an empty file.
        var status = stat()
        if stat(file.path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
            throw TLSError(.unreadableFile, "the \(file) is a directory", hint: "name the file itself", file: file)
        }
        errno = 0
        guard let bio = BIO_new_file(file.path, "r") else {
            let reason = OpenSSLFailure.systemText(errno)
            throw TLSError(
                .unreadableFile, "the \(file) cannot be opened: \(reason)",
                hint: "check the path, and that the user of this process may read it", file: file)
        }
        self.file = file
        self.bio = bio
    }

    deinit { BIO_free_all(bio) }

    /// Lends every certificate of the file to `body`, in the file's order. There is at least one.
    func forEachCertificate(_ body: (OpaquePointer) throws(TLSError) -> Void) throws(TLSError) {
        var others: [String] = []
        var count = 0
        while let block = try nextBlock() {
            guard block.isCertificate else {
                others.append(block.name)
                continue
            }
            guard let certificate = block.certificate() else { throw damaged(block.name) }
            defer { X509_free(certificate) }
            try body(certificate)
            count += 1
        }
        if count == 0 { throw nothing("certificate", among: others) }
    }

    /// Lends the file's first private key to `body`.
    func withPrivateKey(_ body: (OpaquePointer) throws(TLSError) -> Void) throws(TLSError) {
        var others: [String] = []
        while let block = try nextBlock() {
            guard block.isPrivateKey else {
                others.append(block.name)
                continue
            }
            if block.isEncrypted {
                throw TLSError(
                    .encryptedKey, "the private key in the \(file) is encrypted",
                    hint: "store it without a passphrase, readable by this process alone: "
                        + "openssl pkey -in FILE -out PLAIN_FILE", file: file)
            }
            guard let key = block.privateKey() else { throw damaged(block.name) }
            defer { EVP_PKEY_free(key) }
            return try body(key)
        }
        throw nothing("private key", among: others)
    }

    private func nextBlock() throws(TLSError) -> PEMBlock? {
        ERR_clear_error()
        if let block = PEMBlock(reading: bio) { return block }
        let error = ERR_peek_last_error()
        if ERR_GET_LIB(error) == ERR_LIB_PEM, ERR_GET_REASON(error) == PEM_R_NO_START_LINE { return nil }
        throw damaged("block")
    }

    private func damaged(_ what: String) -> TLSError {
        TLSError(
            .malformedFile, "a \(what) in the \(file) is damaged: \(OpenSSLFailure.text(ERR_peek_last_error()))",
            hint: "write the file again from its source, whole", file: file)
    }

    private func nothing(_ wanted: String, among others: [String]) -> TLSError {
        if others.isEmpty {
            return TLSError(
                .malformedFile, "the \(file) is not PEM",
                hint: "it must hold a block that begins with -----BEGIN …-----; convert DER by: "
                    + "openssl \(file.role == .key ? "pkey" : "x509") -inform der -in FILE -out PEM_FILE", file: file)
        }
        return TLSError(
            .nothingInFile, "the \(file) has no \(wanted), only \(others.prefix(3).joined(separator: ", "))",
            hint: "check that the files of certificate, key and CA are not swapped", file: file)
    }
}
