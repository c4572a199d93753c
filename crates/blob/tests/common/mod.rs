//! What the tests of bodies share.

use blob::{BlobError, Blobs, BodyRef, READ_OCTETS};

/// Keeps a body that comes in pieces of so many octets.
pub(crate) async fn keep(blobs: &Blobs, body: &[u8], piece: usize) -> BodyRef {
    let mut writer = blobs.writer();
    for piece in body.chunks(piece) {
        writer.write(piece).await.unwrap();
    }
    assert_eq!(writer.length(), body.len() as u64);
    writer.finish().await.unwrap()
}

/// Reads octets of a body, piece by piece.
pub(crate) async fn read(
    blobs: &Blobs,
    body: &BodyRef,
    range: std::ops::Range<u64>,
) -> Result<Vec<u8>, BlobError> {
    all(blobs.read(body, range)).await
}

/// Reads all that is still to come.
pub(crate) async fn all(mut reader: blob::BodyReader) -> Result<Vec<u8>, BlobError> {
    let mut all = Vec::new();
    while let Some(piece) = reader.next().await {
        let piece = piece?;
        assert!(!piece.is_empty() && piece.len() <= READ_OCTETS);
        all.extend_from_slice(&piece);
    }
    assert_eq!(reader.left(), 0);
    Ok(all)
}
