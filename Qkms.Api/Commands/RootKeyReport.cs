using System.Globalization;
using System.Text;
using System.Text.Json;
using Qkms.Core.AwsKms;
using Qkms.Core.Installation;
using Qkms.Core.Keyrings;
using Qkms.Core.Pkcs11;
using Qkms.Core.Secrets;

namespace Qkms.Api.Commands;

/// <summary>Says what <c>root-key</c> found or did: lines for people, or one line of JSON.</summary>
internal sealed class RootKeyReport(TextWriter output, bool isJson)
{
    /// <summary>The root keys.</summary>
    public void List(RootKeyList list)
    {
        if (isJson)
        {
            Write(json =>
            {
                json.WriteNumber("epoch", list.Epoch);
                json.WriteStartArray("root_keys");
                foreach (RootKeyState state in list.States)
                {
                    json.WriteStartObject();
                    WriteWrapper(json, state.Wrapper);
                    json.WriteString("about", About(state.Wrapper));
                    json.WriteString("state", JsonWordOf(state.Proof));
                    json.WriteEndObject();
                }

                json.WriteEndArray();
            });
            return;
        }

        foreach (RootKeyState state in list.States)
        {
            string about = About(state.Wrapper);
            output.WriteLine(
                $"{state.Wrapper.WrapperId}  {state.Wrapper.Kind,-10}  root key {state.Wrapper.RootKeyId}  "
                + $"made {Text(state.Wrapper.CreatedAt)}  {WordOf(state.Proof)}{(about.Length == 0 ? "" : $"  ({about})")}");
        }
    }

    /// <summary>One was added.</summary>
    public void Added(NewRootKey added)
    {
        Shares(added);
        RootWrapper made = added.Wrapper;
        if (isJson)
            Write(json => WriteWrapper(json, made, "added"));
        else
            output.WriteLine(LineOf(made));
    }

    /// <summary>One was removed.</summary>
    public void Removed(RemovedRootKey removed)
    {
        if (isJson)
            Write(json => WriteRemoved(json, removed));
        else
            output.WriteLine(LineOf(removed));
    }

    /// <summary>
    /// The shares of one that was added: at once, because nobody else has them. As JSON they are a line of their own before the result.
    /// </summary>
    public void Shares(NewRootKey made)
    {
        if (made.Shares.Count == 0)
            return;

        if (isJson)
        {
            Write(json =>
            {
                json.WriteStartArray("shares");
                foreach (SecretBytes share in made.Shares)
                    json.WriteStringValue(share.Span);

                json.WriteEndArray();
            });
            output.Flush();
            return;
        }

        output.WriteLine(
            $"Shares of root key {made.Wrapper.RootKeyId}, which are shown this once: give each to somebody else, and keep none here.");
        foreach (SecretBytes share in made.Shares)
        {
            char[] text = new char[share.Length];
            Encoding.ASCII.GetChars(share.Span, text);
            output.WriteLine(text);
            text.AsSpan().Clear();
        }

        output.Flush();
    }

    /// <summary>One was added and one removed.</summary>
    public void Rotated(NewRootKey added, RemovedRootKey removed)
    {
        RootWrapper made = added.Wrapper;
        if (isJson)
        {
            Write(json =>
            {
                WriteWrapper(json, made, "added");
                WriteRemoved(json, removed);
            });
            return;
        }

        output.WriteLine(LineOf(made));
        output.WriteLine(LineOf(removed));
    }

    private static string LineOf(RootWrapper made) =>
        $"Root key {made.RootKeyId} ({made.Kind}, wrapper {made.WrapperId}) opens this installation: stored, read back and tried."
        + made.Kind switch
        {
            SharesKind.KindName => "",
            Pkcs11Kind.KindName =>
                $" A start finds it with {TokenVariables.Uri}='{About(made)}'. Without that token it opens nothing: "
                + "have another root key too.",
            AwsKmsKind.KindName =>
                $" A start finds it with {AwsKmsEnvironment.KeyVariable}='{About(made)}'. Without that key of the other KMS it opens "
                + "nothing: have another root key too.",
            _ => " Keep a copy of it apart from the database and its backups.",
        };

    private static string About(RootWrapper wrapper) =>
        RootKeyKinds.Find(wrapper.Kind)?.Describe(wrapper) ?? "of a later release";

    private static string LineOf(RemovedRootKey removed) =>
        $"Root key {removed.Wrapper.RootKeyId} (wrapper {removed.Wrapper.WrapperId}) opens this installation no longer. The next "
        + $"start needs one of these, which were tried: {string.Join(", ", removed.Proved.Select(wrapper => wrapper.RootKeyId))}. "
        + "Backups of before still open with the one that was removed: keep it as long as them.";

    private static void WriteRemoved(Utf8JsonWriter json, RemovedRootKey removed)
    {
        WriteWrapper(json, removed.Wrapper, "removed");
        json.WriteTexts("proved", removed.Proved.Select(wrapper => wrapper.RootKeyId));
    }

    private static void WriteWrapper(Utf8JsonWriter json, RootWrapper wrapper, string name)
    {
        json.WriteStartObject(name);
        WriteWrapper(json, wrapper);
        json.WriteEndObject();
    }

    private static void WriteWrapper(Utf8JsonWriter json, RootWrapper wrapper)
    {
        json.WriteString("id", wrapper.WrapperId);
        json.WriteString("kind", wrapper.Kind);
        json.WriteString("root_key_id", wrapper.RootKeyId);
        json.WriteString("created_at", Text(wrapper.CreatedAt));
    }

    private void Write(Action<Utf8JsonWriter> members) => output.WriteLine(CommandJson.Object(members));

    private static string WordOf(RootKeyProof proof) => proof switch
    {
        RootKeyProof.Opens => "opens now",
        RootKeyProof.NotAtHand => "not at hand",
        _ => "does not open",
    };

    private static string JsonWordOf(RootKeyProof proof) => proof switch
    {
        RootKeyProof.Opens => "opens",
        RootKeyProof.NotAtHand => "not_at_hand",
        _ => "broken",
    };

    private static string Text(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
