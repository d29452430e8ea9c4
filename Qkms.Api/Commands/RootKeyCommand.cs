using Qkms.Api.Hosting;
using Qkms.Core.Installation;
using Qkms.Core.Keyrings;
using Qkms.Core.Secrets;
using Qkms.Core.Store;

namespace Qkms.Api.Commands;

/// <summary>
/// <c>root-key list | add | remove | rotate</c>: changes what opens the installation, beside the service, which goes on.
/// </summary>
/// <remarks>Its own options stand beside the settings of the service, which are read as <see cref="VerifyCommand"/> reads them.</remarks>
internal static class RootKeyCommand
{
    /// <summary>The word that stands first.</summary>
    public const string Name = "root-key";

    /// <summary>Does what the arguments say; the exit code.</summary>
    /// <param name="arguments">The arguments behind the word.</param>
    /// <param name="environment">What the environment says of the root key.</param>
    /// <param name="addSnapshot">Adds the database to be read.</param>
    /// <param name="addBeside">Adds the database to be changed beside the service.</param>
    public static Task<int> RunAsync(
        string[] arguments,
        RootKeyEnvironment environment,
        Func<IServiceCollection, QkmsSettings, IServiceCollection> addSnapshot,
        Func<IServiceCollection, QkmsSettings, IServiceCollection> addBeside) => HostCommand.RunAsync(
        () => RootKeyArguments.Split(arguments),
        given => given.Options,
        environment,
        async (given, _, settings) =>
        {
            await RunAsync(
                given,
                settings,
                environment,
                services => addSnapshot(services, settings),
                services => addBeside(services, settings),
                new SecretPrompts(SecretPrompt.AskNewPassphrase, SecretPrompt.AskShare),
                Console.Out);
            return HostCommand.Done;
        },
        "Qkms cannot do this");

    /// <summary>The same with arguments and settings that were read.</summary>
    /// <param name="given">The arguments.</param>
    /// <param name="settings">The settings.</param>
    /// <param name="environment">What the environment says of the root key.</param>
    /// <param name="addSnapshot">Adds the database to be read.</param>
    /// <param name="addBeside">Adds the database to be changed beside the service.</param>
    /// <param name="prompts">Ask for what only people have.</param>
    /// <param name="output">Takes what was done.</param>
    public static async Task RunAsync(
        RootKeyArguments given,
        QkmsSettings settings,
        RootKeyEnvironment environment,
        Func<IServiceCollection, IServiceCollection> addSnapshot,
        Func<IServiceCollection, IServiceCollection> addBeside,
        SecretPrompts prompts,
        TextWriter output)
    {
        await CommandServices.RequireInstallationAsync(addSnapshot);
        using RootSecrets secrets = new(new RootKeyLocator(environment, settings.DataDirectory));
        foreach (string path in given.Presented)
            secrets.Present(ReadFile(path));

        if (given.AsksForShares)
            AskForShares(prompts.Share, secrets);

        await using ServiceProvider services = await CommandServices.OpenAsync(settings, secrets, addBeside);
        RootKeyChanges changes = services.GetRequiredService<RootKeyChanges>();
        RootKeyReport report = new(output, given.WantsJson);
        switch (given.Verb)
        {
            case "list":
                report.List(await changes.ListAsync(secrets, CancellationToken.None));
                break;
            case "add":
                using (NewRootKey added = await AddAsync(given, changes, secrets, prompts.NewPassphrase))
                    report.Added(added);

                break;
            case "remove":
                report.Removed(await RemoveAsync(given.Id!, given, changes, secrets));
                break;
            default:
                await RotateAsync(given, changes, secrets, prompts.NewPassphrase, report);
                break;
        }
    }

    private static async Task RotateAsync(
        RootKeyArguments given, RootKeyChanges changes, RootSecrets secrets, Func<Passphrase> askPassphrase, RootKeyReport report)
    {
        IReadOnlyList<RootKeyState> before = (await changes.ListAsync(secrets, CancellationToken.None)).States;
        string old = given.OldId ?? (before.Count == 1
            ? before[0].Wrapper.RootKeyId
            : throw new SettingsException($"There are {before.Count} root keys: say which one goes, with --old=<id>."));
        await changes.CheckRemovalAsync(old, secrets, given.MayStayUnproved, CancellationToken.None);

        // The new one is stored, read back and proved before the old one goes: a kill between the two leaves both.
        using NewRootKey made = await AddAsync(given, changes, secrets, askPassphrase);
        RemovedRootKey removed;
        report.Shares(made);
        try
        {
            removed = await RemoveAsync(old, given, changes, secrets);
        }
        catch (Exception e) when (e is RootKeyException or StoreUnusableException or KmsException)
        {
            throw new RootKeyException(
                $"Root key {made.Wrapper.RootKeyId} was added and opens; the old one stays, because it could not be removed: {e.Message} "
                + $"Remove it with '{Name} remove'.");
        }

        report.Rotated(made, removed);
    }

    private static Task<RemovedRootKey> RemoveAsync(string id, RootKeyArguments given, RootKeyChanges changes, RootSecrets secrets) =>
        changes.RemoveAsync(id, secrets, given.MayStayUnproved, CancellationToken.None);

    private static async Task<NewRootKey> AddAsync(
        RootKeyArguments given, RootKeyChanges changes, RootSecrets secrets, Func<Passphrase> askPassphrase)
    {
        if (given.Shares is var (count, threshold))
            return await AddSharesAsync(count, threshold, changes, secrets);

        return new NewRootKey(await AddWholeAsync(given, changes, secrets, askPassphrase), []);
    }

    // The root key is tried as it will be had again: from the text of its shares, of which each takes part.
    private static async Task<NewRootKey> AddSharesAsync(int count, int threshold, RootKeyChanges changes, RootSecrets secrets)
    {
        (RootKey rootKey, string parameters, IReadOnlyList<SecretBytes> shares) = SharesKind.Create(count, threshold);
        secrets.Present(rootKey);
        try
        {
            SharesKind.Prove(rootKey, shares, threshold);
            return new NewRootKey(await changes.AddAsync(rootKey, SharesKind.KindName, parameters, CancellationToken.None), shares);
        }
        catch
        {
            foreach (SecretBytes share in shares)
                share.Dispose();

            throw;
        }
    }

    private static async Task<RootWrapper> AddWholeAsync(
        RootKeyArguments given, RootKeyChanges changes, RootSecrets secrets, Func<Passphrase> askPassphrase)
    {
        if (given.TokenKey is { } uri)
        {
            (RootKey encrypted, string parameters) = await Pkcs11Kind.CreateAsync(secrets.Locator.TokenOf(uri), CancellationToken.None);
            secrets.Present(encrypted);
            return await changes.AddAsync(encrypted, Pkcs11Kind.KindName, parameters, CancellationToken.None);
        }

        if (given.OtherKmsKey is { } name)
        {
            (RootKey encrypted, string parameters) = await AwsKmsKind.CreateAsync(secrets.Locator.OtherKmsOf(name), CancellationToken.None);
            secrets.Present(encrypted);
            return await changes.AddAsync(encrypted, AwsKmsKind.KindName, parameters, CancellationToken.None);
        }

        if (given.TakesPassphrase)
        {
            using Passphrase passphrase = given.NewPassphraseFile is { } from
                ? RootKeyLocator.ReadPassphrase(from, from) ?? throw new RootKeyException($"There is no file '{Path.GetFullPath(from)}'.")
                : askPassphrase();
            (RootKey derived, string cost) = PassphraseKind.Create(passphrase);
            secrets.Present(derived);
            return await changes.AddAsync(derived, PassphraseKind.KindName, cost, CancellationToken.None);
        }

        string path = Path.GetFullPath(given.NewFile!);
        if (!given.Generates)
            return await AddFileAsync(path, changes, secrets);

        RootKeyLocator.Create(path, "Name a file that is not there yet, in a folder that this user can write.").Dispose();
        try
        {
            return await AddFileAsync(path, changes, secrets);
        }
        catch
        {
            if (await IsUnusedAsync(path, changes, secrets))
                File.Delete(path);

            throw;
        }
    }

    private static void AskForShares(Func<SecretBytes?> ask, RootSecrets secrets)
    {
        while (true)
        {
            using SecretBytes? text = ask();
            if (text is null)
                return;

            secrets.TryPresent(RootKeyShare.Read(text.Span));
        }
    }

    // As it will be found at a start: read from the file again.
    private static async Task<RootWrapper> AddFileAsync(string path, RootKeyChanges changes, RootSecrets secrets)
    {
        RootKey rootKey = ReadFile(path);
        secrets.Present(rootKey);
        return await changes.AddAsync(rootKey, RootKeyWrap.RootKeyKind, parameters: "", CancellationToken.None);
    }

    // Only a file that surely opens nothing is taken away again: where the answer to a commit is lost, the database may have the row.
    private static async Task<bool> IsUnusedAsync(string path, RootKeyChanges changes, RootSecrets secrets)
    {
        try
        {
            using RootKey made = ReadFile(path);
            RootKeyList now = await changes.ListAsync(secrets, CancellationToken.None);
            return now.States.All(state => state.Wrapper.RootKeyId != made.Id);
        }
        catch (Exception e) when (e is RootKeyException or StoreUnusableException or KmsException or IOException)
        {
            return false;
        }
    }

    private static RootKey ReadFile(string path) =>
        RootKeyLocator.Read(path) ?? throw new RootKeyException($"There is no file '{Path.GetFullPath(path)}'.");
}

/// <summary>Ask for what only people have.</summary>
/// <param name="NewPassphrase">A new passphrase.</param>
/// <param name="Share">A share of a root key; null where there is none any more.</param>
internal sealed record SecretPrompts(Func<Passphrase> NewPassphrase, Func<SecretBytes?> Share);

/// <summary>A root key that was added.</summary>
/// <param name="Wrapper">Its row.</param>
/// <param name="Shares">The text of each of its shares; none where it was not split.</param>
internal sealed record NewRootKey(RootWrapper Wrapper, IReadOnlyList<SecretBytes> Shares) : IDisposable
{
    /// <summary>Zeroes the shares.</summary>
    public void Dispose()
    {
        foreach (SecretBytes share in Shares)
            share.Dispose();
    }
}
