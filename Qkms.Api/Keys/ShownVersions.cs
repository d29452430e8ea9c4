using System.Collections.Concurrent;
using Qkms.Core.Keys;

namespace Qkms.Api.Keys;

/// <summary>
/// How versions were shown before: whoever asks for one again and again gets the same bytes, until the version is read anew or its status
/// changes. Public keys in base64 are most of them.
/// </summary>
internal sealed class ShownVersions
{
    // Some 8 KB each with the version.
    private const int MostKept = 1_000;

    private readonly ConcurrentDictionary<KeyVersionId, Shown> _kept = new();

    /// <summary>The version as shown to callers at <paramref name="now"/>; see <see cref="KeyVersionResponse.From"/>.</summary>
    public KeptResult<KeyVersionResponse> Of(KeyVersion version, string? spelling, DateTimeOffset now)
    {
        KeyStatus status = version.StatusAt(now);

        // A version that was read does not change, and the next time that it is read, or counted, it is another object.
        if (_kept.TryGetValue(version.Id, out Shown? kept)
            && ReferenceEquals(kept.Version, version)
            && kept.Status == status
            && kept.Spelling == spelling)
            return kept.Result;

        if (_kept.Count >= MostKept)
            _kept.Clear();

        Shown shown = new(version, status, spelling, new KeptResult<KeyVersionResponse>(KeyVersionResponse.From(version, spelling, now)));
        _kept[version.Id] = shown;
        return shown.Result;
    }

    /// <param name="Version">The version.</param>
    /// <param name="Status">The status that it was shown with: all else of the answer depends on no time.</param>
    /// <param name="Spelling">How the request spelled the algorithm.</param>
    /// <param name="Result">The answer.</param>
    private sealed record Shown(KeyVersion Version, KeyStatus Status, string? Spelling, KeptResult<KeyVersionResponse> Result);
}
