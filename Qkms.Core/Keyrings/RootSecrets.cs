namespace Qkms.Core.Keyrings;

/// <summary>
/// What this process was given to open the master key with: the root key that the environment names, a passphrase, a key in
/// a token or in another KMS, and what a command presents beside them. A rotation of the master key asks for the root key of every
/// wrapping, and wraps the new one with it:
/// <code>
/// RootKey? rootKey = await secrets.FindAsync(wrapper, cancellationToken);   // null: its secret is not here
/// RootWrapper anew = RootKeyWrap.Wrap(rootKey, wrapper with { MasterKeyId = newMasterKey.Id }, newMasterKey);
/// RootWrapperSet set = RootWrapperSet.Of(newMasterKey, before.Epoch + 1, everyWrapperAnew);
/// </code>
/// </summary>
/// <param name="locator">Finds what the environment names.</param>
internal sealed class RootSecrets(RootKeyLocator locator) : IDisposable
{
    private readonly List<RootKey> _keys = [];
    private readonly List<Passphrase> _passphrases = [];
    private readonly List<RootKeyShare> _shares = [];
    private bool _isLocated;
    private bool _isPassphraseRead;
    private bool _isTokenFound;
    private bool _isOtherKmsFound;
    private RootKeyToken? _token;
    private RootKeyOtherKms? _otherKms;
    private RootKey? _located;

    /// <summary>Where root keys are looked for.</summary>
    public RootKeyLocator Locator => locator;

    /// <summary>The root key that the environment names; null when there is none.</summary>
    /// <exception cref="RootKeyException">A source is set and cannot be used, or two are.</exception>
    public RootKey? Located
    {
        get
        {
            if (!_isLocated && locator.Find() is { } found)
                _keys.Add(_located = found);

            _isLocated = true;
            return _located;
        }
    }

    /// <summary>The passphrases: those that were presented, then the one that the environment names.</summary>
    /// <exception cref="RootKeyException">One is set and cannot be used.</exception>
    public IReadOnlyList<Passphrase> Passphrases
    {
        get
        {
            if (!_isPassphraseRead && locator.FindPassphrase() is { } found)
                _passphrases.Add(found);

            _isPassphraseRead = true;
            return _passphrases;
        }
    }

    /// <summary>The shares that were presented.</summary>
    public IReadOnlyList<RootKeyShare> Shares => _shares;

    /// <summary>The key in a token that the environment names; null when it names none.</summary>
    /// <exception cref="RootKeyException">It names one, and what it takes is missing.</exception>
    public RootKeyToken? Token
    {
        get
        {
            if (!_isTokenFound)
                _token = locator.FindToken();

            _isTokenFound = true;
            return _token;
        }
    }

    /// <summary>The key in another KMS that the environment names; null when it names none.</summary>
    /// <exception cref="RootKeyException">It names one, and what it takes is missing.</exception>
    public RootKeyOtherKms? OtherKms
    {
        get
        {
            if (!_isOtherKmsFound)
                _otherKms = locator.FindOtherKms();

            _isOtherKmsFound = true;
            return _otherKms;
        }
    }

    /// <summary>Whether anything was given but shares, whatever it opens.</summary>
    /// <exception cref="RootKeyException">Something was given that cannot be used.</exception>
    public bool HasAny => Located is not null || HasBesideLocated;

    /// <summary>The same without the root key that the environment names.</summary>
    /// <exception cref="RootKeyException">Something was given that cannot be used.</exception>
    public bool HasBesideLocated => Passphrases.Count > 0 || Token is not null || OtherKms is not null;

    /// <summary>Adds a root key, which ends with this object.</summary>
    public void Present(RootKey rootKey) => _keys.Add(rootKey);

    /// <summary>Adds a passphrase, which ends with this object.</summary>
    public void Present(Passphrase passphrase) => _passphrases.Insert(0, passphrase);

    /// <summary>Adds a share, which ends with this object; false, and it ends now, where it is there already.</summary>
    public bool TryPresent(RootKeyShare share)
    {
        if (!_shares.Any(other => other.Tag == share.Tag && other.Number == share.Number))
        {
            _shares.Add(share);
            return true;
        }

        share.Dispose();
        return false;
    }

    /// <summary>Zeroes the shares that were presented.</summary>
    public void ForgetShares()
    {
        _shares.ForEach(share => share.Dispose());
        _shares.Clear();
    }

    /// <summary>The root key of a wrapping, which ends with this object; null when what it takes is not at hand.</summary>
    /// <exception cref="RootKeyException">Something is at hand that cannot be used.</exception>
    public async Task<RootKey?> FindAsync(RootWrapper wrapper, CancellationToken cancellationToken)
    {
        if (_keys.Find(key => key.Id == wrapper.RootKeyId) is { } known)
            return known;

        if (RootKeyKinds.Find(wrapper.Kind) is not { } kind || await kind.FindAsync(wrapper, this, cancellationToken) is not { } found)
            return null;

        if (!_keys.Contains(found))
            _keys.Add(found);

        return found;
    }

    /// <summary>Zeroes all of it.</summary>
    public void Dispose()
    {
        _keys.ForEach(key => key.Dispose());
        _passphrases.ForEach(passphrase => passphrase.Dispose());
        ForgetShares();
    }
}
