using Qkms.Core.ApiKeys;

namespace Qkms.Core.Administration;

/// <summary>What may be done with an API key in which state.</summary>
internal static class ApiKeyStates
{
    /// <summary>Refuses to change what is over, or has a successor: that can only be revoked.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.ApiKeyState"/>.</exception>
    public static void RequireChangeable(Credential credential, DateTimeOffset now)
    {
        if (ApiKeyInfo.Of(credential).StatusAt(now) == ApiKeyStatus.Revoked)
            throw KmsErrors.ApiKeyState.With("The API key is revoked: it can no longer be changed.");

        if (credential.SuccessorId is { } successor)
            throw KmsErrors.ApiKeyState.With(
                $"The API key was replaced by {successor}, and ends at {ApiKeyEvents.Text(credential.EndsAt)}: it can only be revoked.");
    }

    /// <summary>Refuses to rotate what cannot be used.</summary>
    /// <exception cref="KmsException">As above.</exception>
    public static void RequireRotatable(Credential credential, DateTimeOffset now)
    {
        RequireChangeable(credential, now);
        if (!credential.IsUsableAt(now))
            throw KmsErrors.ApiKeyState.With("The API key is disabled or expired: only one that can be used is rotated.");
    }
}
