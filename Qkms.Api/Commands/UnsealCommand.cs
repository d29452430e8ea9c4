using Qkms.Api.Hosting;
using Qkms.Core.Keyrings;
using Qkms.Core.Secrets;

namespace Qkms.Api.Commands;

/// <summary>
/// <c>unseal</c>: gives shares of a root key to the service of a data directory, which waits for them. On a terminal it asks for one share:
/// whoever holds one runs it. Otherwise it takes each line of standard input for one.
/// </summary>
internal static class UnsealCommand
{
    /// <summary>The word that stands first.</summary>
    public const string Name = "unseal";

    /// <summary>Does it; the exit code.</summary>
    /// <param name="arguments">The arguments behind the word.</param>
    /// <param name="environment">What the environment says of the root key.</param>
    public static Task<int> RunAsync(string[] arguments, RootKeyEnvironment environment) => HostCommand.RunAsync(
        () => arguments,
        given => given,
        environment,
        (_, _, settings) =>
        {
            Run(settings.DataDirectory, SecretPrompt.AskShare, isOne: !Console.IsInputRedirected, Console.Out);
            return Task.FromResult(HostCommand.Done);
        },
        "Qkms cannot unseal the service");

    /// <summary>The same with a data directory that was read.</summary>
    /// <param name="dataDirectory">Of the service.</param>
    /// <param name="ask">Asks for a share; null when there is none any more.</param>
    /// <param name="isOne">Whether one is enough.</param>
    /// <param name="output">Takes how far it has come.</param>
    /// <exception cref="RootKeyException">No service waits, or it refuses a share.</exception>
    public static void Run(string dataDirectory, Func<SecretBytes?> ask, bool isOne, TextWriter output)
    {
        string path = UnsealSocket.PathIn(dataDirectory);
        for (int given = 0; ; given++)
        {
            using SecretBytes? share = ask();
            if (share is null)
            {
                if (given == 0)
                    throw new RootKeyException("No share was given.");

                return;
            }

            string answer = UnsealSocket.Send(path, share.Span);
            if (answer.StartsWith("no ", StringComparison.Ordinal))
                throw new RootKeyException(answer["no ".Length..]);

            output.WriteLine(answer switch
            {
                "open" => "The service is unsealed: it opens its keys now, and /health/ready says when it is ready.",
                "" => throw new RootKeyException("The service has ended without an answer."),
                _ when answer.StartsWith("again ", StringComparison.Ordinal) =>
                    $"This share was given before: {answer["again ".Length..]} are there.",
                _ => $"{answer["share ".Length..]} shares are there: the service stays sealed.",
            });
            if (isOne || answer == "open")
                return;
        }
    }
}
